"""Keeping Pillow's remarks on odd files off the terminal: a photo is read, or a PhotoError says why not.

For the process of the command line alone. Where the library runs in another program, warnings, logging and stderr are
that program's.
"""

import ctypes
import logging
import warnings


def quieten_pillow() -> None:
    """Let Pillow and its libtiff write nothing to stderr, from now on, in this whole process."""
    from PIL import _imaging

    warnings.filterwarnings("ignore", module=r"PIL\.")
    logging.getLogger("PIL").addHandler(logging.NullHandler())  # without one, logging's last resort is stderr
    try:  # what libtiff writes, Pillow raises besides
        silence = ctypes.CDLL(_imaging.__file__).TIFFSetErrorHandler  # found through what Pillow is linked to
    except (AttributeError, OSError):  # under another name here
        return
    silence.argtypes, silence.restype = [ctypes.c_void_p], ctypes.c_void_p
    silence(None)
