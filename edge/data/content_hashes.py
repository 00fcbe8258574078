"""Which photos files are, whatever they are called: the SHA-256 of their bytes, kept in the cache."""

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from pathlib import Path

import numpy as np

from ..errors import DataError
from ..machine.cores import usable_cores
from .decoded_cache import cache_key, load_arrays, store_arrays

DIGEST = 32  # bytes
CHUNK = 1 << 20  # bytes
BYTES = "bytes"  # in the cache's key: the files themselves, whatever pixels they become


def file_contents(folder: Path, names: Sequence[str]) -> tuple[str, ...]:
    """Return the SHA-256 (hex) of each of the files `names` below `folder`. Raises DataError when one is gone."""
    key = cache_key(folder, names, BYTES)
    stored = load_arrays(key, "contents")
    if stored and stored[0].shape == (len(names), DIGEST):
        return tuple(row.tobytes().hex() for row in stored[0])

    def digest(name: str) -> bytes:
        try:
            path = os.path.join(folder, name)  # noqa: PTH118, half the time of a Path
            with open(path, "rb", buffering=0) as file:  # noqa: PTH123
                found = sha256()
                while data := file.read(CHUNK):
                    found.update(data)
        except OSError as error:
            raise DataError(f"{path}: {error.strerror or error}") from error
        return found.digest()

    with ThreadPoolExecutor(usable_cores()) as pool:
        digests = list(pool.map(digest, names))
    contents = np.frombuffer(b"".join(digests), dtype=np.uint8).reshape(len(names), DIGEST)
    if cache_key(folder, names, BYTES) == key:  # nothing changed in the meantime
        store_arrays(key, contents=contents)
    return tuple(row.hex() for row in digests)
