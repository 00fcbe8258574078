"""One writer a file or a folder: a lock that its process holds, and that goes with it, however it ends."""

import errno
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .errors import EdgeCifarError

WITHOUT_LOCKS = (errno.ENOTSUP, errno.ENOSYS, errno.ENOLCK, errno.EINVAL)  # file systems, some of networks


@contextmanager
def exclusive(path: Path, message: str) -> Iterator[None]:
    """Hold the lock of the file `path`, which is made if it isn't there; raise EdgeCifarError(`message`) if it is held.

    Nobody ever waits for it, so nothing hangs, not even a process forked from one that holds it (which holds it, too).
    The system takes it back when its processes have ended, killed ones as well; the file stays. Where the system or the
    file system has no such locks (flock(2)), nothing is held.
    """
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    except OSError as error:
        raise EdgeCifarError(f"cannot write {path}: {error.strerror}") from error
    try:
        if not _taken(descriptor):
            raise EdgeCifarError(message)
        yield
    finally:
        os.close(descriptor)


def _taken(descriptor: int) -> bool:
    """Lock an open file; return whether nobody else holds it."""
    if sys.platform == "win32":
        return True
    import fcntl

    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:
        if error.errno not in WITHOUT_LOCKS:
            raise
    return True
