"""The files of an export all at once: made in a folder of their own, they then take the places of the old ones.

Whatever happens before that, the old files stay as they are. A failure or Ctrl-C within it brings them back; after a
kill just there, the summary, which is switched last, names other digests than the files have.
"""

import os
import shutil
import tempfile
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from ...edge.errors import EdgeCifarError
from ...edge.files.atomic_write import check_replaceable, flush_folder

STAGE = ".edge-cifar-export-"  # what the folder's name begins with
OLD = "old"  # the folder in it that keeps what is replaced until all is done


@contextmanager
def staging(folder: Path) -> Iterator[Path]:
    """Give a new folder inside `folder`, removed at the end with what is still in it.

    Raises EdgeCifarError when `folder` can't be written, or when another process is exporting into it.
    """
    made = [each for each in (folder, *folder.absolute().parents) if not each.exists()]
    try:
        with _alone(folder):
            stage = _new_stage(folder)
            try:
                yield stage
            finally:
                shutil.rmtree(stage, ignore_errors=True)
    finally:
        with suppress(OSError):  # not empty: the export is in it
            for each in made:
                each.rmdir()


def switch(stage: Path, folder: Path, last: str, removed: Collection[str] = ()) -> None:
    """Move the files of `stage` into `folder`, that named `last` after the others, and remove those named `removed`.

    All of it or, when an exception ends it, nothing. Raises ForeignFileError, before anything is moved, where a file
    stands that this program did not write.
    """
    new = sorted((path.name for path in stage.iterdir() if path.is_file()), key=lambda name: (name == last, name))
    changed = [name for name in (*removed, *new) if (folder / name).exists()]
    old = stage / OLD
    old.mkdir()
    for name in (*removed, *new):
        check_replaceable(folder / name)
    for name in changed:
        shutil.copy2(folder / name, old / name)
    try:
        for name in new:
            (stage / name).replace(folder / name)
        for name in removed:
            (folder / name).unlink(missing_ok=True)
        flush_folder(folder)
    except BaseException:
        for name in (*removed, *new):
            if name in changed:
                (old / name).replace(folder / name)
            else:
                (folder / name).unlink(missing_ok=True)
        raise


def _new_stage(folder: Path) -> Path:
    for left in folder.glob(f"{STAGE}*"):  # by an export that was killed
        shutil.rmtree(left, ignore_errors=True)
    with _writing(folder):
        return Path(tempfile.mkdtemp(prefix=STAGE, dir=folder))


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Make `folder` and keep other exports out of it, where the system can lock one."""
    with _writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
    if not hasattr(os, "O_DIRECTORY"):  # Windows
        yield
        return
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        _lock(descriptor, folder)
        yield
    finally:
        os.close(descriptor)


@contextmanager
def _writing(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise EdgeCifarError(f"cannot write {folder}: {error.strerror or error}; choose another --out") from error


def _lock(descriptor: int, folder: Path) -> None:
    import fcntl

    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise EdgeCifarError(f"{folder}: another export is writing here; wait for its end") from error
    except OSError:  # a file system without locks
        return
