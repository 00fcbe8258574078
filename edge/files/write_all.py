"""Writing a whole piece to a file that may take less of it at a time; apart, since every start needs this alone."""

import io
from typing import BinaryIO


def write_all(file: BinaryIO | io.RawIOBase, data: bytes) -> None:
    """Write all of `data`, of which a raw file takes as much at a time as it likes."""
    left = memoryview(data)
    while left:
        left = left[file.write(left) :]
