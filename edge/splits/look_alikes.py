"""Photos that look alike, so that none of them is tested on while the net learns from the others.

A photo's look is its difference hash (dHash, Krawetz, "Kind of Like That", 2013): of a grid of mean brightness, whether
the cells to the right of each and below it are brighter. Copies that were cropped a little, saved again or
made brighter differ in few bits, and so do photos of a burst. Numpy alone computes it.

Thresholds were chosen on 2,019 phone photos of rubbish (TrashNet): up to `ALIKE` bits, pairs are the same thing taken
twice or things in the same place and light; beyond, plain backgrounds begin to be alike. There 24 of 31 groups were
pairs, the largest was of 17 photos. Photos that follow each other in number and differ in up to `IN_A_ROW` bits are a
burst in 9 of 10 cases: pairs that are as alike are 13 times as frequent among them as among photos far apart.
"""

import re
from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from ..stats.classification import Indices

GRID = 16  # cells across and down
BITS = 2 * GRID**2
FLAT = 2.0  # of 255: a photo whose cells deviate less has no look, as fog and darkness have none
ALIKE, IN_A_ROW = BITS // 8, BITS // 5  # bits that differ at most
NEXT = 3  # numbers; what is further apart does not follow
LUMA = (299, 587, 114)  # of red, green and blue (ITU-R BT.601); in whole numbers machines agree to the bit
STEPS = 64  # of a level
SWALLOWED = 4  # a group of more than this part of its class is no group: it shows what the class has in common
BLOCK = 1024  # photos that are compared with others at once
MOST_PAIRS = 64  # a photo, on average
NUMBER = re.compile(r"(.*?)0*(\d{1,15})\D*", re.DOTALL)

Looks: TypeAlias = npt.NDArray[np.uint8]
"""uint8 (N, BITS / 8), bits packed; zeros for photos that have no look."""


def look(pixels: npt.NDArray[np.uint8]) -> Looks:
    """Return the looks of photos, uint8 (N, S, S, 4) RGBX. Photos of fewer than GRID + 1 pixels have none."""
    size = pixels.shape[1]
    if size <= GRID:
        return np.zeros((len(pixels), BITS // 8), dtype=np.uint8)
    edges = np.linspace(0, size, GRID + 2).astype(np.int64)
    gray = sum(weight * pixels[..., i].astype(np.int32) for i, weight in enumerate(LUMA))
    sums = np.add.reduceat(np.add.reduceat(gray, edges[:-1], axis=1), edges[:-1], axis=2, dtype=np.int64)
    cells = sums * STEPS // np.outer(np.diff(edges), np.diff(edges))  # (N, GRID + 1, GRID + 1), whole numbers
    right = cells[:, :GRID, 1:] > cells[:, :GRID, :-1]
    down = cells[:, 1:, :GRID] > cells[:, :-1, :GRID]
    bits = np.concatenate([right.reshape(len(pixels), -1), down.reshape(len(pixels), -1)], axis=1)
    bits[cells.std(axis=(1, 2)) < FLAT * STEPS * sum(LUMA)] = False
    return np.packbits(bits, axis=1)


def group_alike(looks: Looks, names: Sequence[str], targets: Indices) -> Indices:
    """Return for each photo which group it is of, int64 (N,): the index of a photo of that group.

    `names` are paths, whose last numbers say which photos follow each other. A group is of one class, and of a quarter
    of it at most: where more are alike, only those stay together that are more alike than that, or none.
    """
    groups = np.arange(len(looks))
    for target in np.unique(targets):
        own = np.flatnonzero(targets == target)
        most = len(own) // SWALLOWED
        open_ = own[looks[own].any(axis=1)]
        for allowed in (ALIKE, ALIKE // 4, ALIKE // 16):
            pairs = _pairs(looks[open_], [names[i] for i in open_], allowed)
            if pairs is None:
                continue
            found = _connected(len(open_), pairs)
            fits = np.bincount(found, minlength=len(open_))[found] <= most
            groups[open_[fits]] = open_[found[fits]]
            open_ = open_[~fits]
    return groups


def _pairs(looks: Looks, names: Sequence[str], allowed: int) -> list[tuple[int, int]] | None:
    """Return the pairs that are alike; None where there are so many that it is the class that is alike.

    Photos differ in `allowed` bits at most, or in as much more as `IN_A_ROW` allows, if they follow each other.
    """
    signs = np.unpackbits(looks, axis=1).astype(np.float32) * 2 - 1  # products count bits: BITS - 2 x those that differ
    series, numbers = _numbered(names)
    pairs: list[tuple[int, int]] = []
    for start in range(0, len(looks), BLOCK):
        block = slice(start, start + BLOCK)
        differ = (BITS - signs[block] @ signs[start:].T) / 2
        follow = series[block, None] == series[None, start:]
        follow &= np.abs(numbers[block, None] - numbers[None, start:]) <= NEXT
        alike = np.triu(differ <= np.where(follow, allowed * IN_A_ROW / ALIKE, allowed), 1)
        if len(pairs) + alike.sum() > MOST_PAIRS * len(looks):
            return None
        pairs += [(start + one, start + other) for one, other in np.argwhere(alike).tolist()]
    return pairs


def _numbered(names: Sequence[str]) -> tuple[Indices, Indices]:
    """Return for each name which others it is like but for its last number, and that number."""
    found = [NUMBER.fullmatch(PurePosixPath(name).with_suffix("").as_posix()) for name in names]
    known: dict[object, int] = {}
    series = [known.setdefault(match[1] if match else i, len(known)) for i, match in enumerate(found)]
    numbers = [int(match[2]) if match else 0 for match in found]
    return np.array(series, dtype=np.int64), np.array(numbers, dtype=np.int64)


def _connected(count: int, pairs: Sequence[tuple[int, int]]) -> Indices:
    """Return for each of `count` things the first that pairs connect it with (union-find)."""
    first = list(range(count))

    def root(i: int) -> int:
        while first[i] != i:
            first[i] = first[first[i]]
            i = first[i]
        return i

    for one, other in pairs:
        low, high = sorted((root(one), root(other)))
        first[high] = low
    return np.array([root(i) for i in range(count)], dtype=np.int64)
