import numpy as np
import pytest
from edge_cifar.benchmarks.measure.bootstrap import Interval, median_interval, ratio_interval
from scipy.stats import bootstrap


def test_the_interval_holds_the_true_median_nineteen_times_in_twenty() -> None:
    random = np.random.RandomState(1)
    intervals = [median_interval(random.normal(10, 1, 20)) for _ in range(60)]
    share = np.mean([interval.low <= 10 <= interval.high for interval in intervals])
    assert 0.85 <= share <= 1
    assert all(interval.low <= interval.median <= interval.high for interval in intervals)


@pytest.mark.parametrize("rounds", [2, 7, 20])
def test_the_interval_is_the_percentile_bootstraps(rounds: int) -> None:
    values = np.random.RandomState(rounds).lognormal(size=rounds)
    drawn = np.random.RandomState(0)  # the same stream, so the same resamples
    expected = bootstrap((values,), np.median, n_resamples=4000, method="percentile", rng=drawn).confidence_interval
    found = median_interval(values)
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high), rel=1e-12)
    assert found.median == np.median(values)


def test_one_interrupted_round_moves_nothing() -> None:
    values = np.array([1.0] * 19 + [50.0])
    assert median_interval(values) == Interval(1, 1, 1)


def test_the_same_values_give_the_same_interval() -> None:
    values = np.random.RandomState(2).normal(size=20)
    assert median_interval(values) == median_interval(values.copy())


def test_a_ratio_of_two_runs_holds_the_true_ratio() -> None:
    random = np.random.RandomState(3)
    interval = ratio_interval(random.normal(20, 1, 30), random.normal(10, 1, 30))
    assert interval.low < 2 < interval.high
    assert interval.median == pytest.approx(2, rel=0.1)
    assert interval.width == pytest.approx((interval.high - interval.low) / interval.median)


def test_runs_of_other_lengths_can_be_compared_and_equal_ones_are_not_taken_for_one() -> None:
    values = np.random.RandomState(4).normal(10, 1, 9)
    interval = ratio_interval(values, values)
    assert interval.low < 1 < interval.high  # drawn apart, or the ratio would always be 1
    assert ratio_interval(values, values[:5]).median > 0
