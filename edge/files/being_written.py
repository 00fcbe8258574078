"""Whether a file is still being written: by leases, which Linux grants for files that nobody has open for writing."""

import errno
import os
import signal
from contextlib import suppress


def is_being_written(path: str) -> bool:
    """Return whether a process of this machine has the file open for writing, as far as the system tells (fcntl(2)).

    It tells the file's owner and root, of files on its own disks. A process that opens the file in the same instant
    has the lease broken by a signal, which `ignore_leases` is for.
    """
    try:
        import fcntl

        file = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    except (ImportError, AttributeError, OSError):
        return False
    try:
        fcntl.fcntl(file, fcntl.F_SETLEASE, fcntl.F_RDLCK)
    except AttributeError:  # not Linux
        return False
    except OSError as error:
        return error.errno == errno.EAGAIN
    finally:
        os.close(file)  # ends the lease as well
    return False


def ignore_leases() -> None:
    """Let this process live on when one of its leases is broken."""
    with suppress(AttributeError, ValueError):  # not on this system, or not in the main thread
        signal.signal(signal.SIGIO, signal.SIG_IGN)
