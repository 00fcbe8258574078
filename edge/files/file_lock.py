"""Files that one process at a time may write: a lock that ends with the process, however that ends."""

import errno
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from ..errors import EdgeCifarError

FAR = 2**62  # where Windows locks a byte: beyond the end of the file, since nobody could read what it locks

UNKNOWN_TO_FILE_SYSTEM = frozenset({errno.ENOLCK, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EINVAL})


def lock(file: BinaryIO) -> bool:
    """Take a file for this process; return False where the file system knows no locks.

    Raises BlockingIOError while another open file holds the lock.
    """
    try:
        if sys.platform == "win32":
            import msvcrt

            os.lseek(file.fileno(), FAR, os.SEEK_SET)
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in UNKNOWN_TO_FILE_SYSTEM:
            return False
        if error.errno in (errno.EWOULDBLOCK, errno.EACCES, errno.EDEADLK):
            raise BlockingIOError(error.errno, "in use by another process") from error
        raise
    return True


@contextmanager
def exclusive(path: Path, message: str) -> Iterator[None]:
    """Hold the lock of the file `path`, which is made if it isn't there; raise EdgeCifarError(`message`) if it is held.

    Nobody ever waits for it, so nothing hangs, not even a process forked from one that holds it (which holds it, too).
    The system takes it back when its processes have ended, killed ones as well; the file stays. Where the file system
    has no locks, nothing is held.
    """
    try:
        file = path.open("a+b", buffering=0)
    except OSError as error:
        raise EdgeCifarError(f"cannot write {path}: {error.strerror}") from error
    with file:
        try:
            lock(file)
        except BlockingIOError as error:
            raise EdgeCifarError(message) from error
        yield
