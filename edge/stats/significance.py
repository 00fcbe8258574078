"""How sure an accuracy is, and whether a difference between two is real; in numpy alone."""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Z95 = 1.959963984540054  # standard normal quantile of a two-sided 95 % interval


@dataclass(frozen=True)
class PairedTest:
    """Two models on the same images: how many the second got wrong that the first had right, and the reverse.

    `p` is McNemar's exact two-sided probability of a split at least so uneven if both models were equally good.
    """

    broken: int
    fixed: int
    p: float


def wilson_interval(right: int, n: int) -> tuple[float, float]:
    """Return the 95 % interval of a share `right` of `n` (Wilson 1927, score interval); of no images, 0 to 1."""
    if not n:
        return 0.0, 1.0
    share = right / n
    centre = share + Z95**2 / (2 * n)
    margin = Z95 * math.sqrt(share * (1 - share) / n + Z95**2 / (4 * n**2))
    scale = 1 + Z95**2 / n
    # At the ends centre and margin cancel, but for the last bit.
    low = (centre - margin) / scale if right else 0.0
    high = (centre + margin) / scale if right < n else 1.0
    return low, high


def paired_test(before: npt.NDArray[np.bool_], after: npt.NDArray[np.bool_]) -> PairedTest:
    """Compare which images two models got right, bool (N,) each (McNemar 1947, exact binomial form)."""
    broken, fixed = int((before & ~after).sum()), int((~before & after).sum())
    p = 2 * float(binomial(broken + fixed, 0.5)[: min(broken, fixed) + 1].sum())
    return PairedTest(broken, fixed, min(1.0, p))


def drop_interval(broken: int, fixed: int, n: int) -> tuple[float, float]:
    """Return the 95 % interval of the share of `n` images lost between two models, -1 to 1.

    A Wald interval of paired shares after half an image is added to each of the four counts of images (Agresti and Min,
    "Simple improved confidence intervals for comparing matched proportions", Statistics in Medicine 2005).
    """
    counts, all_images = (broken + 0.5, fixed + 0.5), n + 2
    lost = (counts[0] - counts[1]) / all_images
    margin = Z95 * math.sqrt((sum(counts) / all_images - lost**2) / all_images)
    return max(-1.0, lost - margin), min(1.0, lost + margin)


def binomial(n: int, share: float) -> npt.NDArray[np.float64]:
    """Return the probabilities that 0, 1, ..., n of n independent trials succeed, float64 (n + 1,)."""
    ways = np.concatenate([[0.0], np.cumsum(np.log(np.arange(n, 0, -1) / np.arange(1, n + 1)))])  # log of n over k
    k = np.arange(n + 1)
    return np.asarray(np.exp(ways + k * math.log(share) + (n - k) * math.log1p(-share)))
