"""Rounding weights so that their sums stay: what a layer makes of even surfaces is then right, whatever they are.

Rounded each to the nearest, the weights of a channel are off by chance, and so is their sum. On smooth parts of a
photo, where all that a kernel sees is alike, the errors add up. So within each kernel, then within each output channel,
the weights nearest to the middle of a step are rounded the other way until the sum is off by half a step at most
(SQuant, Guo et al. 2022, arXiv:2202.07471). No photo is needed.
"""

import numpy as np
import numpy.typing as npt

from ..proof.saturation import INT8_MAX, LARGEST_PAIR, largest_pairs

Floats = npt.NDArray[np.float64]


def round_keeping_sums(
    weight: npt.NDArray[np.float32], scales: npt.NDArray[np.float32], portable: bool = True
) -> npt.NDArray[np.float32]:
    """Return a weight (O, I) or (O, I, H, W) of whole steps, `scales` (O,) each.

    `portable`: a channel whose pairs of weights would leave 16 bits so is rounded to the nearest instead.
    """
    step = scales.reshape(-1, *[1] * (weight.ndim - 1)).astype(np.float64)
    exact = weight / step
    nearest = np.round(exact)
    kernels = (-1, int(np.prod(weight.shape[2:])))
    whole = _kept(exact.reshape(kernels), nearest.reshape(kernels))
    whole = _kept(exact.reshape(len(weight), -1), whole.reshape(len(weight), -1)).reshape(weight.shape)
    limits = np.abs(whole).reshape(len(weight), -1).max(axis=1) > INT8_MAX
    if portable:
        limits |= largest_pairs(whole.astype(np.float32)) > LARGEST_PAIR
    whole[limits] = nearest[limits]
    return np.asarray(whole * step, np.float32)


def _kept(exact: Floats, whole: Floats) -> Floats:
    """Return whole numbers (rows, K) whose sums by rows are within half of those of the exact ones."""
    error = whole - exact
    excess = np.round(error.sum(axis=1))
    direction = np.sign(excess)[:, None]
    order = np.argsort(-direction * error, axis=1, kind="stable")  # the furthest off that way first
    turned = np.arange(exact.shape[1]) < np.abs(excess)[:, None]
    kept = whole.copy()
    np.put_along_axis(kept, order, np.take_along_axis(whole, order, axis=1) - turned * direction, axis=1)
    return kept
