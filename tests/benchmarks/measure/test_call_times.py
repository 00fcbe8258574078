import numpy as np
import pytest
from edge_cifar.benchmarks.measure.bootstrap import Interval
from edge_cifar.benchmarks.measure.call_times import timing


def test_percentiles_are_of_all_calls_and_rounds_have_their_medians() -> None:
    seconds = np.arange(1, 101).reshape(4, 25) / 1000
    kept = timing(seconds)
    assert (kept.p50, kept.p90, kept.p99) == pytest.approx((50.5, 90.1, 99.01))
    assert kept.calls == 100
    assert kept.rounds == pytest.approx([13, 38, 63, 88])
    assert kept.low < kept.interval.median < kept.high
    assert kept.interval == Interval(50.5, kept.low, kept.high)


def test_the_density_counts_the_calls_but_the_slowest_hundredth() -> None:
    seconds = np.array([[0.001] * 100 + [0.002] * 98 + [5.0] * 2])
    density = timing(seconds).density
    assert len(density.edges) == len(density.counts) + 1
    assert (density.edges[0], density.edges[-1]) == pytest.approx((1, 2))
    assert (density.counts[0], density.counts[-1], sum(density.counts)) == (100, 98, 198)


def test_equal_calls_have_a_density_too() -> None:
    density = timing(np.full((2, 3), 0.001)).density
    assert sum(density.counts) == 6
