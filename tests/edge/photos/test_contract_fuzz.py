"""The photo path against files that hypothesis makes up; `pytest --hypothesis-profile=long` tries many more."""

import contextlib

import numpy as np
from edge_cifar.benchmarks.robustness.hostile_files import sound
from edge_cifar.edge.errors import PhotoError
from edge_cifar.edge.photos.contract import read_photo
from hypothesis import given
from hypothesis import strategies as st

SOUND = dict(sound())
edits = st.lists(st.tuples(st.floats(0, 1), st.binary(max_size=8), st.integers(0, 8)), max_size=6)


def edited(content: bytes, changes: list[tuple[float, bytes, int]]) -> bytes:
    """Replace, at places given as shares of the file, some bytes by others."""
    for share, new, removed in changes:
        place = int(share * len(content))
        content = content[:place] + new + content[place + removed :]
    return content


def read_or_refused(content: bytes) -> None:
    """Fail with whatever else comes of it, a warning included."""
    with contextlib.suppress(PhotoError):
        pixels = read_photo(content, 8)
        assert (pixels.shape, pixels.dtype) == ((8, 8, 4), np.uint8)


@given(st.sampled_from(sorted(SOUND)), edits)
def test_edited_photos_are_read_or_refused(name: str, changes: list[tuple[float, bytes, int]]) -> None:
    read_or_refused(edited(SOUND[name], changes))


@given(st.sampled_from(sorted(SOUND)), st.integers(2, 32), st.binary(max_size=200))
def test_the_magic_number_of_a_format_before_anything(name: str, length: int, rest: bytes) -> None:
    read_or_refused(SOUND[name][:length] + rest)
