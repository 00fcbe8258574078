"""Intervals and tests against those of scipy and statsmodels."""

import math

import numpy as np
import pytest
from edge_cifar.edge.stats.significance import PairedTest, drop_interval, paired_test, wilson_interval
from scipy.stats import binomtest, norm
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.proportion import proportion_confint


def split(broken: int, fixed: int, both: int = 3, neither: int = 2) -> PairedTest:
    before = np.array([True] * broken + [False] * fixed + [True] * both + [False] * neither)
    after = np.array([False] * broken + [True] * fixed + [True] * both + [False] * neither)
    return paired_test(before, after)


@pytest.mark.parametrize(
    ("right", "n"), [(9, 10), (1, 2), (0, 29), (22, 22), (1, 1), (93, 100), (8931, 10_000), (0, 1)]
)
def test_the_interval_is_wilsons(right: int, n: int) -> None:
    low, high = wilson_interval(right, n)
    assert (low, high) == pytest.approx(proportion_confint(right, n, method="wilson"), abs=1e-12)
    assert 0 <= low <= right / n <= high <= 1


def test_the_interval_ends_where_shares_do() -> None:
    assert wilson_interval(0, 29)[0] == 0
    assert str(wilson_interval(0, 29)[0]) == "0.0"  # not "-0.0"
    assert wilson_interval(22, 22)[1] == 1
    assert wilson_interval(0, 0) == (0, 1)
    assert all((wilson_interval(0, n)[0], wilson_interval(n, n)[1]) == (0, 1) for n in range(1, 300))


def test_the_interval_of_a_drop_ends_where_shares_do() -> None:
    assert drop_interval(10, 0, 10)[1] == 1
    assert drop_interval(0, 10, 10)[0] == -1


@pytest.mark.parametrize(
    ("broken", "fixed"), [(8, 2), (2, 8), (0, 0), (1, 0), (5, 5), (5, 4), (30, 12), (0, 40), (700, 640), (1500, 1200)]
)
def test_the_paired_test_is_mcnemars(broken: int, fixed: int) -> None:
    result = split(broken, fixed)
    assert (result.broken, result.fixed) == (broken, fixed)
    if broken + fixed:
        assert result.p == pytest.approx(binomtest(broken, broken + fixed).pvalue, rel=1e-9)
        assert result.p == pytest.approx(mcnemar([[3, broken], [fixed, 2]], exact=True).pvalue, rel=1e-9)
    else:
        assert result.p == 1


def test_the_paired_test_counts_tens_of_thousands() -> None:
    # 40 s and more where each binomial coefficient is made anew
    assert split(10_300, 9_700).p == pytest.approx(binomtest(10_300, 20_000).pvalue, rel=1e-8)


@pytest.mark.parametrize(("broken", "fixed", "n"), [(8, 2, 200), (0, 0, 50), (12, 30, 1000), (0, 3, 10)])
def test_the_interval_of_a_drop_is_agrestis_and_mins(broken: int, fixed: int, n: int) -> None:
    plus = np.array([1.0] * (2 * broken + 1) + [-1.0] * (2 * fixed + 1) + [0.0] * (2 * (n + 2 - broken - fixed) - 2))
    spread = norm.ppf(0.975) * plus.std() / math.sqrt(n + 2)  # each image twice: half images are whole ones
    expected = max(-1, plus.mean() - spread), min(1, plus.mean() + spread)
    assert drop_interval(broken, fixed, n) == pytest.approx(expected, abs=1e-12)
