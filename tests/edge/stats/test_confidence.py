"""The confidence chain against scipy, and on data whose truth is known."""

import math

import numpy as np
import pytest
from edge_cifar.edge.stats.classification import Floats, Indices
from edge_cifar.edge.stats.confidence import (
    abstain_threshold,
    at_bound,
    calibration_bins,
    calibration_error,
    coverage,
    fit_temperature,
)
from edge_cifar.edge.stats.softmax import softmax
from scipy.optimize import minimize_scalar
from scipy.stats import beta, binom, norm


def drawn(n: int, classes: int = 3, seed: int = 0, margin: float = 3) -> tuple[Floats, Indices]:
    """Logits (n, classes) and targets drawn from their probabilities: a calibrated net."""
    random = np.random.RandomState(seed)
    logits = random.normal(size=(n, classes)) * 2
    logits[np.arange(n), random.randint(classes, size=n)] += margin
    below = softmax(logits).cumsum(axis=1) < random.uniform(size=(n, 1))
    return logits, np.minimum(below.sum(axis=1), classes - 1).astype(np.int64)


def test_the_temperature_is_the_most_probable_one() -> None:
    for n, classes, true in ((12, 2, 1.0), (60, 3, 2.5), (400, 10, 0.6), (3000, 5, 4.0)):
        logits, targets = drawn(n, classes, seed=n)
        shown = logits * true

        def improbable(log_t: float, shown: Floats = shown, targets: Indices = targets) -> float:
            surprise = -np.log(softmax(shown / math.exp(log_t))[np.arange(len(targets)), targets]).sum()
            return float(surprise - norm.logpdf(log_t, scale=0.5))

        expected = math.exp(minimize_scalar(improbable, bounds=(-3, 3), method="bounded", options={"xatol": 1e-9}).x)
        assert fit_temperature(shown.astype(np.float64), targets) == pytest.approx(expected, abs=1e-4)


def test_the_temperature_undoes_a_scaling_of_true_log_probabilities() -> None:
    logits, targets = drawn(20_000, 5)
    assert fit_temperature(logits * 2.5, targets) == pytest.approx(2.5, rel=0.05)
    assert fit_temperature(logits * 0.3, targets) == pytest.approx(0.3, rel=0.05)


@pytest.mark.parametrize("classes", [2, 10, 1000])
def test_few_images_that_are_all_right_do_not_make_a_net_sure(classes: int) -> None:
    for n in (1, 4, 10, 20):
        logits = np.zeros((n, classes))
        logits[:, 0] = 2.0 + math.log(classes)
        assert 0.4 < fit_temperature(logits, np.zeros(n, np.int64)) < 1
    assert fit_temperature(np.zeros((0, classes)), np.zeros(0, np.int64)) == 1


def test_few_images_of_a_calibrated_net_leave_its_temperature_near_1() -> None:
    fitted = [fit_temperature(*drawn(10, 2, seed)) for seed in range(100)]
    assert 0.85 < np.median(fitted) < 1.15
    assert min(fitted) > 0.4
    assert max(fitted) < 2.5


def test_a_temperature_that_no_card_may_say_ends_at_the_bound() -> None:
    logits, targets = drawn(3000, 4)
    assert fit_temperature(logits * 10_000, targets) == 100
    assert fit_temperature(logits / 10_000, targets) == 0.01
    assert at_bound(100) and at_bound(0.01) and not at_bound(99.9)  # noqa: PT018
    assert fit_temperature(logits * 60, targets) == pytest.approx(60, rel=0.1)
    assert fit_temperature(logits + 1e6, targets) == pytest.approx(fit_temperature(logits, targets), abs=1e-3)


def all_confident(confidence: Floats) -> Floats:
    """Two-class logits whose answers have these confidences, at least 0.5."""
    return np.stack([np.log(confidence / (1 - confidence)), np.zeros(len(confidence))], axis=1)


def threshold_of(confidence: Floats, wrong: int = 1000, temperature: float = 1.0) -> float:
    """The threshold of right answers that have these confidences, and of `wrong` ones as sure as the surest."""
    logits = all_confident(np.append(confidence, np.full(wrong, confidence.max(initial=0.5)))) * temperature
    return abstain_threshold(logits, np.repeat([0, 1], [len(confidence), wrong]), temperature)


@pytest.mark.parametrize("n", [59, 60, 92, 93, 200, 1000, 4000])
def test_the_threshold_loses_one_right_answer_in_twenty_at_most_but_for_one_chance_in_twenty(n: int) -> None:
    confidence = np.linspace(0.5, 0.99, n)
    threshold = threshold_of(confidence)
    k = int(np.searchsorted(confidence, threshold)) + 1  # the threshold is the k-th smallest
    assert confidence[k - 1] - 1e-4 < threshold <= confidence[k - 1]  # cut to four digits
    # The share of right answers below the k-th of n confidences has a beta distribution, whatever theirs is.
    assert beta.cdf(0.05, k, n + 1 - k) >= 0.95
    assert beta.cdf(0.05, k + 1, n - k) < 0.95
    assert binom.cdf(k - 1, n, 0.05) <= 0.05


@pytest.mark.parametrize("n", [0, 1, 27, 58])
def test_of_too_few_right_answers_nothing_is_unknown(n: int) -> None:
    assert threshold_of(np.linspace(0.5, 0.99, n)) == 0


def test_no_more_right_answers_are_lost_than_there_are_wrong_ones_to_catch() -> None:
    confidence = np.linspace(0.5, 0.7, 201)  # a thousandth apart, of which the rule without this bound takes the fifth
    assert [threshold_of(confidence, wrong) for wrong in (0, 1, 2, 4, 100)] == pytest.approx(
        [0, 0.5, 0.501, 0.503, 0.504], abs=1.1e-4
    )


def test_a_confidence_of_four_in_five_is_always_enough() -> None:
    assert threshold_of(np.full(100, 0.99)) == 0.8


def test_the_threshold_is_of_confidences_after_the_temperature() -> None:
    confidence = np.linspace(0.6, 0.8, 100)
    assert threshold_of(confidence, temperature=3.0) == threshold_of(confidence) == pytest.approx(0.602, abs=1e-3)


def test_the_promise_of_the_threshold_holds_on_other_images() -> None:
    broken = []
    for seed in range(200):
        random = np.random.RandomState(seed)
        threshold = threshold_of(0.5 + 0.25 * random.uniform(size=120))
        broken.append((threshold - 0.5) / 0.25 > 0.05)
    assert np.mean(broken) <= 0.08


def test_coverage_counts_the_unknown_and_what_they_cost() -> None:
    confidence = np.array([0.95, 0.9, 0.7, 0.6])
    targets = np.array([0, 1, 0, 1])  # right, wrong, right, wrong
    told = coverage(all_confident(confidence), targets, 1.0, 0.8)
    assert (told.n, told.unknown, told.accuracy, told.lost) == (4, 2, 0.5, 1)
    everything = coverage(all_confident(confidence), targets, 1.0, 0.0)
    assert (everything.unknown, everything.accuracy, everything.lost) == (0, 0.5, 0)
    nothing = coverage(all_confident(confidence), targets, 1.0, 1.0)
    assert (nothing.unknown, nothing.accuracy, nothing.lost) == (4, None, 2)
    assert coverage(2 * all_confident(confidence), targets, 2.0, 0.8) == told


def test_the_calibration_error_weighs_bins_by_their_images() -> None:
    confidence = np.array([0.95] * 8 + [0.55] * 2)  # in the last of 15 bins, and in the ninth
    targets = np.array([0] * 6 + [1] * 2 + [1] * 2)
    wide, narrow = calibration_bins(all_confident(confidence), targets, 1.0)
    assert (wide.confidence, wide.accuracy, wide.n) == (pytest.approx(0.55), 0, 2)
    assert (narrow.confidence, narrow.accuracy, narrow.n) == (pytest.approx(0.95), 0.75, 8)
    error = calibration_error(all_confident(confidence), targets, 1.0)
    assert error == pytest.approx(0.8 * 0.2 + 0.2 * 0.55)  # 0.375 unweighted, 0.27 in one bin
    assert calibration_error(3 * all_confident(confidence), targets, 3.0) == pytest.approx(error)


def test_bins_are_fifteen_equal_ranges() -> None:
    edges = (np.arange(15) + 0.5) / 15
    logits = np.stack([np.log(edges / (1 - edges)), np.zeros(15)], axis=1)
    assert [each.n for each in calibration_bins(logits, np.zeros(15, np.int64), 1.0)] == [1, 2, 2, 2, 2, 2, 2, 2]
    assert calibration_bins(np.array([[800.0, 0.0]]), np.zeros(1, np.int64), 1.0)[0].confidence == 1


def test_the_temperature_of_float32_logits_is_found_in_float64() -> None:
    for seed in range(20):
        logits, targets = drawn(500, 10, seed)
        single = (logits * 1.7).astype(np.float32)
        assert fit_temperature(single, targets) == fit_temperature(single.astype(np.float64), targets)


def test_the_temperature_has_four_digits_and_is_that_of_differences_of_logits() -> None:
    logits, targets = drawn(50)
    fitted = fit_temperature(logits, targets)
    assert fitted == round(fitted, 4) != round(fitted, 3)
    assert fit_temperature(logits + 1024.0 * np.arange(50)[:, np.newaxis], targets) == fitted


def test_answers_are_those_of_each_image() -> None:
    logits = np.log(np.array([[0.9, 0.1], [0.25, 0.75], [0.2, 0.8]]))
    targets = np.array([0, 1, 1])
    told = coverage(logits, targets, 1.0, 0.78)
    assert (told.n, told.unknown, told.accuracy, told.lost) == (3, 1, 1.0, 1)
    assert [(each.accuracy, each.n) for each in calibration_bins(logits, targets, 1.0)] == [(1, 1), (1, 1), (1, 1)]


def test_a_confidence_at_the_threshold_is_given() -> None:
    assert coverage(np.zeros((1, 2)), np.zeros(1, np.int64), 1.0, 0.5).unknown == 0


def test_a_bin_holds_all_of_its_range_and_the_last_one_certainty() -> None:
    [one] = calibration_bins(all_confident(np.array([0.55, 0.57])), np.array([0, 1]), 1.0)
    assert (one.confidence, one.accuracy, one.n) == (pytest.approx(0.56), 0.5, 2)
    certain = np.array([[800.0, 0.0], [math.log(0.95 / 0.05), 0.0]])
    assert [each.n for each in calibration_bins(certain, np.zeros(2, np.int64), 1.0)] == [2]
