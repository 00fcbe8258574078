"""Which results an earlier run, perhaps a killed one, has written."""

import hashlib
from array import array
from bisect import bisect_left
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ..errors import EdgeCifarError

LONGEST = 2**16  # bytes of a record: a file that holds longer ones is no results file
HUGE = 2**24  # bytes that are read of a line: of zeros, as a device or a file after a crash may hold, there is no end


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


class Found(NamedTuple):
    """What a file of results holds."""

    hashes: "array[int]"  # of the names, in order
    whole: int  # bytes up to the end of the last whole result
    size: int  # bytes that were read; those after `whole` were written only in part
    is_ended: bool  # whether the last whole result has its line break


def read_hashes(
    path: Path,
    name_in: Callable[[str], str],
    start: str,
    header: str = "",
    is_whole: Callable[[bytes], bool] = lambda _: True,
) -> Found:
    """Read the names in a file of results, which is left as it is; no file is no results.

    `name_in` finds the name in a record, all of which begin with `start`, but for the first if there is a `header`;
    `is_whole` tells whether a line break ends a record. Raises EdgeCifarError when the file holds anything else.
    """
    hashes = array("Q")
    whole = size = lines = 0
    is_ended = True
    for data in records(path, is_whole) if path.exists() else ():
        lines += 1
        try:
            if whole < size:  # something follows what is no whole result
                raise ValueError
            record = data.decode(errors="surrogateescape")  # the last may end within a letter
            is_ended = data.endswith(b"\n") and is_whole(data)
            if header and size == 0:
                if record != f"{header}\n":
                    _check_torn(record, header, is_ended)
                else:
                    whole = len(data)
            elif (name := _name(record, name_in, start, is_ended)) is not None:
                hashes.append(name_hash(name))
                whole = size + len(data)
        except (ValueError, LookupError, TypeError) as error:
            raise EdgeCifarError(f"{path}: line {lines} is no result of this command; name another file") from error
        size += len(data)
        lines += data[:-1].count(b"\n")
    return Found(hashes, whole, size, is_ended or whole < size)


def _name(record: str, name_in: Callable[[str], str], start: str, is_ended: bool) -> str | None:
    """Return the name in a record, None if it was written only in part. Raises ValueError and others if it is none."""
    try:
        return name_in(record)
    except (ValueError, LookupError, TypeError):
        _check_torn(record, start, is_ended)
        return None


def _check_torn(record: str, start: str, is_ended: bool) -> None:
    """Raise ValueError unless a record is the beginning of one that begins with `start`."""
    if is_ended or len(record) > LONGEST or not (record.startswith(start) or start.startswith(record)):
        raise ValueError


def records(path: Path, is_whole: Callable[[bytes], bool]) -> Iterator[bytes]:
    """Yield the records of a file of results, header and all, the last perhaps without its end."""
    record = b""
    with path.open("rb") as file:
        for line in iter(partial(file.readline, HUGE), b""):
            record += line
            if is_whole(record) or len(record) > LONGEST:
                yield record
                record = b""
    if record:
        yield record
