import numpy as np
import pytest
from edge_cifar.edge.statistics import (
    abstain_threshold,
    calibration_error,
    fit_temperature,
    paired_test,
    wilson_interval,
)


def test_the_interval_is_wilsons() -> None:
    assert wilson_interval(9, 10) == pytest.approx((0.5958, 0.9821), abs=1e-3)
    assert wilson_interval(0, 10)[0] == pytest.approx(0)
    assert wilson_interval(10, 10)[1] == pytest.approx(1)


def test_the_paired_test_counts_only_what_changed() -> None:
    before = np.array([True] * 10 + [False] * 10)
    after = before.copy()
    after[:8], after[10:12] = False, True
    result = paired_test(before, after)
    assert (result.broken, result.fixed) == (8, 2)
    assert result.p == pytest.approx(2 * (1 + 10 + 45) / 2**10)
    assert paired_test(before, before).p == 1


def test_the_temperature_undoes_a_scaling_of_true_log_probabilities() -> None:
    random = np.random.RandomState(0)
    logits = random.normal(size=(20_000, 5)) * 2
    probabilities = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    targets = (random.uniform(size=(20_000, 1)) > probabilities.cumsum(axis=1)).sum(axis=1)
    assert fit_temperature(logits * 2.5, targets) == pytest.approx(2.5, rel=0.05)
    assert calibration_error(logits, targets, 1.0) < 0.02
    assert calibration_error(logits * 2.5, targets, 1.0) > 0.1


def test_the_abstain_threshold_keeps_nineteen_of_twenty() -> None:
    logits = np.zeros((100, 2))
    logits[:, 0] = np.linspace(0, 5, 100)
    confidence = 1 / (1 + np.exp(-logits[:, 0]))
    assert int((confidence >= abstain_threshold(logits, 1.0)).sum()) == 95


def test_a_confidence_of_nine_in_ten_is_always_enough() -> None:
    assert abstain_threshold(np.eye(10) * 50, 0.25) == 0.9
