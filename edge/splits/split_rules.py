"""How images are dealt out to splits: by a photo's own content, or by its place among the others."""

import hashlib
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from ..stats.classification import Indices

CONTENT, ALIKE, BY_NAME, POSITION = "content", "look-alikes", "name:", "position"
"""How the photos of folders are dealt out, as runs and model cards say it.

By each photo's own content; the same, but photos that look alike as one; or those as one whose names a pattern finds
the same in, which follows `BY_NAME`; or, as the first versions did, by a photo's place among the others.
"""


def cut_by_content(
    contents: Sequence[str], targets: Indices, fraction: float, salt: str, spare: int = 1
) -> tuple[Indices, Indices]:
    """Split indices into (kept, held out): each photo's content decides, whatever others there are.

    A photo is held out when its `share` is below `fraction`; copies, which have the same content, stay together, and so
    do photos that are given the same content since they belong together. Of
    each class the photo with the smallest share is held out in any case, and `spare` photos, those with the largest,
    are kept: only these, in classes too small for the fraction, can change sides when photos come or go. Both results
    are sorted.
    """
    shares = _shares(contents, salt)
    held_out = np.zeros(len(shares), dtype=np.bool_)
    for members in _by_class(targets):
        own = np.unique(shares[members])
        count = min(max(1, int((own < fraction).sum())), len(own) - spare)
        held_out[members] = shares[members] <= own[count - 1] if count > 0 else False
    return np.flatnonzero(~held_out), np.flatnonzero(held_out)


def unsettled(contents: Sequence[str], fraction: float, salt: str, *, held_out: bool) -> Indices:
    """Return the indices of photos that `cut_by_content` put on this side though their share says the other."""
    return np.flatnonzero((_shares(contents, salt) < fraction) != held_out)


def share(content: str, salt: str) -> float:
    """Return a number from 0 to below 1 that `content` always has with `salt`, spread evenly over contents."""
    return int.from_bytes(hashlib.sha256(f"{salt}:{content}".encode()).digest()[:6], "big") / 2**48


def stratified_split(targets: Indices, fraction: float, seed: int) -> tuple[Indices, Indices]:
    """Split indices of `targets` into (kept, held out): `fraction` of each class, at least one, but never all of it.

    Both are sorted; the same seed gives the same split on every machine and numpy version (RandomState's
    streams are frozen). It is another one as soon as an image is added or removed: for datasets that never change.
    """
    random = np.random.RandomState(seed)
    held_out = []
    for members in _by_class(targets):
        count = min(max(1, round(fraction * len(members))), len(members) - 1)
        held_out.append(random.permutation(members)[:count])
    chosen = np.sort(np.concatenate(held_out))
    return np.setdiff1d(np.arange(len(targets)), chosen), chosen


def _shares(contents: Sequence[str], salt: str) -> npt.NDArray[np.float64]:
    return np.array([share(content, salt) for content in contents])


def _by_class(targets: Indices) -> list[Indices]:
    """Return the sorted indices of each class that there is, in the order of the classes."""
    return [np.flatnonzero(targets == target) for target in np.unique(targets)]
