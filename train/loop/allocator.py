"""Memory that a step frees serves the next one, where the C library would give it back to the system."""

import ctypes
import platform
from contextlib import suppress

# Of glibc's mallopt(3), from malloc.h.
M_TRIM_THRESHOLD, M_TOP_PAD, M_MMAP_MAX = -1, -2, -4
LARGEST = 2**31 - 1  # bytes, what an int holds
GROW_BY = 2**28  # bytes that the heap grows by at once


def keep_freed_memory() -> None:
    """Let glibc keep what is freed; elsewhere do nothing.

    A step allocates and frees tensors of many megabytes. glibc maps such memory anew each time, and the system clears
    each page of it when it is first touched, which is a good part of a training step on a CPU.
    """
    if platform.libc_ver()[0] != "glibc":
        return
    with suppress(OSError, AttributeError):
        mallopt = ctypes.CDLL(None).mallopt
        for parameter, value in ((M_MMAP_MAX, 0), (M_TRIM_THRESHOLD, LARGEST), (M_TOP_PAD, GROW_BY)):
            mallopt(parameter, value)
