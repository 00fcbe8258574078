"""Which results an earlier run, perhaps a killed one, has written."""

import hashlib
from array import array
from bisect import bisect_left
from collections.abc import Callable
from pathlib import Path

import numpy as np

from .errors import EdgeCifarError


class Done:
    """A set of names, in 8 bytes each. Among ten million, one new name in 10^12 is taken for one of them."""

    def __init__(self, hashes: "array[int]"):
        """Hold the names of these hashes, which get sorted."""
        self._hashes = hashes
        if hashes:
            np.frombuffer(hashes, np.uint64).sort()

    def __contains__(self, name: str) -> bool:
        wanted = name_hash(name)
        place = bisect_left(self._hashes, wanted)
        return place < len(self._hashes) and self._hashes[place] == wanted

    def __len__(self) -> int:
        return len(self._hashes)


def name_hash(name: str) -> int:
    """Return 64 bits of BLAKE2."""
    data = name.encode("utf-8", "surrogatepass")
    return int.from_bytes(hashlib.blake2b(data, digest_size=8).digest(), "little")


def read_hashes(path: Path, name_in: Callable[[str], str], start: str, header: str = "") -> "array[int]":
    """Return the hashes of the names in a file of results, in order, and cut off a last line written only in part.

    `name_in` finds the name in a line, all of which begin with `start`, but for the first if there is a `header`.
    No file is no results. Raises EdgeCifarError when it holds anything else; it is then left as it was.
    """
    hashes = array("Q")
    if not path.exists():
        return hashes
    whole = 0  # bytes, up to the end of the last whole line
    with path.open("r+b") as file:
        for number, data in enumerate(file):
            line = data.decode(errors="surrogateescape")  # the last may end within a letter
            try:
                if not data.endswith(b"\n"):
                    _check_start(line, start if number else header or start)
                    break
                if number or not header:
                    hashes.append(name_hash(name_in(line)))
                else:
                    _check_start(line, header)
            except (ValueError, LookupError, TypeError) as error:
                raise EdgeCifarError(
                    f"{path}: line {number + 1} is no result of this command; name another file"
                ) from error
            whole += len(data)
        file.truncate(whole)
    return hashes


def _check_start(line: str, start: str) -> None:
    """Raise ValueError unless `line` begins as `start` does."""
    if not (line.startswith(start) or start.startswith(line)):
        raise ValueError
