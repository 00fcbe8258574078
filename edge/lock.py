"""Files that one process at a time may write: a lock that ends with the process, however that ends."""

import errno
import os
import sys
from typing import BinaryIO

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
