"""Writing files so that nothing of the user's is lost.

A crash, a full disk or Ctrl-C leaves the old file or the new one, never half of one; and a file that this program did
not write itself is never replaced, whatever name leads to it.
"""

import hashlib
import json
import os
import re
import stat
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO

from ..errors import EdgeCifarError
from .own_mark import is_own, marked

TEMPORARY = re.compile(r"\.edge-cifar-[0-9a-f]{8}")


class ForeignFileError(EdgeCifarError):
    """A file stands where one should be written, and this program did not write it."""


def write_file(
    path: Path,
    write: Callable[[BinaryIO], object],
    *,
    replace_any: bool = False,
    durable: bool = True,
    check: Callable[[Path], object] | None = None,
) -> None:
    """Let `write` fill a temporary file beside `path`, flush it to disk if `durable`, then give it its name.

    A file of that name is replaced only if it carries our mark (`own_mark.py`), which `write` has to bring;
    `replace_any` is for caches, and for files whose content the caller has read and keeps. A link is never followed nor
    replaced. `check` may refuse further files that stand at `path`, by raising.

    Raises ForeignFileError where somebody else's file stands, and EdgeCifarError when the folder can't be written or
    the disk is full, both naming `path`.
    """
    temporary = temporary_beside(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if not replace_any:
            _check(path, check)  # before the work
        try:
            with temporary.open("xb") as file:
                write(file)
                file.flush()
                if durable:
                    os.fsync(file.fileno())
            if replace_any:
                temporary.replace(path)
            else:
                _replace_own(temporary, path, check)
            if durable:
                flush_folder(path.parent)
        except BaseException:
            with suppress(OSError):
                temporary.unlink(missing_ok=True)
            raise
    except OSError as error:
        raise EdgeCifarError(f"cannot write {path}: {error.strerror or error}") from error


def check_replaceable(*paths: Path) -> None:
    """Raise ForeignFileError if a file stands at one of `paths` that this program did not write.

    What takes long asks before it begins.
    """
    for path in paths:
        if os.path.lexists(path) and not stat.S_ISDIR(path.lstat().st_mode) and not is_own(path):
            raise ForeignFileError(
                f"{path}: exists, not as edge-cifar wrote it, so it is kept; name another file or move this one away"
            )


def write_bytes(
    path: Path, data: bytes, *, durable: bool = True, check: Callable[[Path], object] | None = None
) -> None:
    """Write `data` as `write_file` does, with our mark if it is of a kind that has a place for it."""
    write_file(path, lambda file: file.write(marked(data, path.suffix)), durable=durable, check=check)


def replace_bytes(path: Path, data: bytes) -> None:
    """Write `data` as it is, over whatever stands there: for caches, and where the caller has looked."""
    write_file(path, lambda file: file.write(data), replace_any=True)


def write_text(path: Path, text: str, *, replace_any: bool = False) -> None:
    """Write UTF-8 text as `write_file` does, with our mark unless `replace_any`; what no UTF-8 can hold is escaped."""
    data = text.encode(errors="backslashreplace")
    write_file(
        path, lambda file: file.write(data if replace_any else marked(data, path.suffix)), replace_any=replace_any
    )


def write_json(path: Path, value: Mapping[str, Any]) -> None:
    """Write `value` as indented JSON as `write_bytes` does; what no UTF-8 can hold is escaped.

    Bytes of file names that are no UTF-8, lone surrogates in Python, become a backslash and `udc` with two hex digits:
    strict readers of JSON refuse the surrogates themselves.
    """
    text = json.dumps(value, indent=2, ensure_ascii=False) + "\n"
    write_bytes(path, re.sub("[\ud800-\udfff]", lambda found: f"\\\\u{ord(found[0]):04x}", text).encode())


def take_name(temporary: Path, path: Path) -> None:
    """Give a file the name `path` if that is free, in one step. Raises FileExistsError if not."""
    try:
        os.link(temporary, path)  # a rename would replace
    except FileExistsError:
        raise
    except OSError:  # a file system without links, as those of memory cards: take the name first
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY))
        try:
            temporary.replace(path)
        except OSError:
            path.unlink(missing_ok=True)
            raise
    else:
        temporary.unlink()


def temporary_beside(path: Path) -> Path:
    """Return a new name in the folder of `path`; a short one, since that of `path` may be as long as names can be."""
    return path.parent / f".edge-cifar-{os.urandom(4).hex()}"


def flush_folder(folder: Path) -> None:
    """Bring a new name in `folder` to the disk. Where folders can't be opened (Windows), that is left to the system."""
    if hasattr(os, "O_DIRECTORY"):
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def remove_own(path: Path) -> None:
    """Remove a file that this program wrote, if it is there. Raises ForeignFileError if somebody else's is."""
    check_replaceable(path)
    path.unlink(missing_ok=True)


def remove_temporaries(folder: Path) -> None:
    """Remove what `write_file` left in `folder` under temporary names when it was killed."""
    for path in folder.iterdir():
        if TEMPORARY.fullmatch(path.name):
            path.unlink(missing_ok=True)


def file_sha256(path: Path) -> str:
    """Return the SHA-256 of a file's bytes, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def cache_folder() -> Path:
    """Return the user's cache folder for datasets; `XDG_CACHE_HOME` moves it, if that is absolute.

    A relative one is to be ignored (XDG Base Directory Specification): it would lie elsewhere for each working folder.
    """
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base and Path(base).is_absolute() else _home() / ".cache") / "edge-cifar"


def _home() -> Path:
    """Return the user's home folder; of a user that has none the root, as in containers."""
    try:
        return Path.home()
    except RuntimeError:  # neither $HOME nor an entry in the system's list of users
        return Path("/")


def _check(path: Path, check: Callable[[Path], object] | None) -> None:
    check_replaceable(path)
    if check:
        check(path)


def _replace_own(temporary: Path, path: Path, check: Callable[[Path], object] | None) -> None:
    """Give a file the name `path`, in the place of nothing or of a file of ours."""
    with suppress(FileExistsError):
        take_name(temporary, path)
        return
    _check(path, check)
    temporary.replace(path)
