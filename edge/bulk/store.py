"""Where photos and results lie: in folders, or in any store that fsspec knows by its URL (`s3://bucket/2026/`)."""

import os
import re
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import fsspec

from ..errors import DataError, EdgeCifarError
from ..files.atomic_write import take_name, temporary_beside, write_file

URL = re.compile(r"[a-z][a-z0-9+.-]*://", re.IGNORECASE)
TOGETHER = 1_000  # small files that are read at once


def is_url(path: str) -> bool:
    """Return whether a path names something in a store rather than in a folder."""
    return URL.match(path) is not None


def open_store(url: str) -> tuple[Any, str]:
    """Return the file system of a URL and the path in it. Raises DataError when nothing installed knows it."""
    with naming_errors(url):
        # What was listed isn't kept: of an archive it would fill the memory.
        file_system, path = fsspec.core.url_to_fs(url, use_listings_cache=False)
    return file_system, path


@contextmanager
def naming_errors(url: str) -> Iterator[None]:
    """Within it, whatever goes wrong in a store is a DataError that names `url`: each store has errors of its own."""
    try:
        yield
    except EdgeCifarError:
        raise
    except ImportError as error:
        scheme = url.partition("://")[0]
        raise DataError(f"{url}: {error}; see 'Stores' in edge/BULK.md for what {scheme}:// needs") from error
    except FileNotFoundError as error:
        raise DataError(f"{url}: not found; check the name") from error
    except PermissionError as error:
        raise DataError(f"{url}: no rights ({_words(error)}); check the credentials") from error
    except Exception as error:
        raise DataError(f"{url}: {_words(error)}") from error


def _words(error: Exception) -> str:
    own = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return " ".join(own.split()) or type(error).__name__


class OutputFolder:
    """A folder for results, in whose files there is everything or which are not there.

    A store's files appear when they are whole; in a local folder they get their name then.
    """

    def __init__(self, url: str):
        """Name the folder, which need not be there. Raises DataError."""
        self.url = url.rstrip("/") or "/"
        self._local = None if is_url(url) else Path(url).absolute()
        if re.match("https?:", url, re.IGNORECASE):
            raise DataError(f"{url}: nothing can be kept there; name a folder, or a store like s3://bucket/labels")
        if self._local is None:
            self._store, self._root = open_store(self.url)

    def names(self, folder: str = "") -> list[str]:
        """Return the names of what is in it or in a folder in it; none if that isn't there. Raises DataError."""
        with naming_errors(self.url):
            try:
                if self._local is not None:
                    return sorted(os.listdir(self._local / folder))  # noqa: PTH208, a Path each is of no use
                found = self._store.ls(self._in_store(folder), detail=False)
            except FileNotFoundError:
                return []
            names = (name.rstrip("/").rpartition("/")[2] for name in found)
            return sorted(name for name in names if name and name != folder)

    def read(self, name: str) -> bytes:
        """Return the content of a file. Raises DataError."""
        with naming_errors(f"{self.url}/{name}"):
            if self._local is not None:
                return (self._local / name).read_bytes()
            content: bytes = self._store.cat_file(self._in_store(name))
            return content

    def read_all(self, names: Sequence[str]) -> Iterator[bytes]:
        """Yield the contents of files, in order, from a store many at once. Raises DataError."""
        if self._local is not None:
            yield from map(self.read, names)
            return
        for start in range(0, len(names), TOGETHER):
            paths = [self._in_store(name) for name in names[start : start + TOGETHER]]
            with naming_errors(self.url):
                contents = self._store.cat(paths) if len(paths) > 1 else {paths[0]: self._store.cat_file(paths[0])}
            yield from (contents[path] for path in paths)

    def write(self, name: str, content: bytes) -> None:
        """Write a file, in the place of the one that an earlier attempt may have left. Raises EdgeCifarError."""
        if self._local is not None:
            write_file(self._local / name, lambda file: file.write(content), replace_any=True)
            return
        with naming_errors(f"{self.url}/{name}"):
            self._store.pipe_file(self._in_store(name), content)

    def create(self, name: str, content: bytes) -> bool:
        """Write a file that nobody has written yet, and return whether that was so. Raises EdgeCifarError."""
        with naming_errors(f"{self.url}/{name}"):
            try:
                if self._local is not None:
                    temporary = temporary_beside(self._local / name)
                    write_file(temporary, lambda file: file.write(content), replace_any=True)
                    try:
                        take_name(temporary, self._local / name)
                    finally:
                        temporary.unlink(missing_ok=True)
                else:
                    self._store.pipe_file(self._in_store(name), content, mode="create")
            except FileExistsError:
                return False
        return True

    def remove(self, name: str) -> None:
        """Remove a folder of ours. Raises DataError."""
        with naming_errors(f"{self.url}/{name}"):
            if self._local is not None:
                shutil.rmtree(self._local / name)
            else:
                self._store.rm(self._in_store(name), recursive=True)

    def _in_store(self, name: str) -> str:
        return f"{self._root.rstrip('/')}/{name}".rstrip("/")
