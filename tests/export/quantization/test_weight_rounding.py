import numpy as np
import pytest
from edge_cifar.export.proof.saturation import LARGEST_PAIR, largest_pairs, weight_scales
from edge_cifar.export.quantization.weight_rounding import round_keeping_sums

WEIGHTS = {
    "convolution": (16, 8, 3, 3),
    "depthwise": (32, 1, 3, 3),
    "dense": (10, 64),
    "pointwise": (24, 16, 1, 1),
}


@pytest.fixture(params=WEIGHTS.values(), ids=WEIGHTS)
def weight(request: pytest.FixtureRequest) -> np.ndarray:
    return np.random.RandomState(0).normal(size=request.param).astype(np.float32)


def steps(weight: np.ndarray, scales: np.ndarray) -> np.ndarray:
    return np.asarray(weight / scales.reshape(-1, *[1] * (weight.ndim - 1)).astype(np.float64))


def test_weights_are_whole_steps_next_to_the_exact_ones(weight: np.ndarray) -> None:
    scales = weight_scales(weight)
    whole = steps(round_keeping_sums(weight, scales), scales)
    assert np.abs(whole - np.round(whole)).max() < 1e-4
    assert np.abs(whole - steps(weight, scales)).max() < 1.5


def test_the_sum_of_each_channel_stays_within_half_a_step(weight: np.ndarray) -> None:
    scales = weight_scales(weight, portable=False)
    off = steps(round_keeping_sums(weight, scales, portable=False), scales) - steps(weight, scales)
    assert np.abs(off.reshape(len(weight), -1).sum(axis=1)).max() <= 0.5 + 1e-3


def test_no_pair_of_weights_leaves_16_bits(weight: np.ndarray) -> None:
    scales = weight_scales(weight)
    whole = np.round(steps(round_keeping_sums(weight, scales), scales)).astype(np.int8)
    assert largest_pairs(whole).max() <= LARGEST_PAIR


def test_a_channel_that_has_no_room_is_rounded_to_the_nearest() -> None:
    weight = np.array([[63.4, 64.4, *[0.3] * 6], [1.4] * 8], np.float32)
    full, roomy = round_keeping_sums(weight, np.ones(2, np.float32))
    assert full.tolist() == [63, 64, *[0] * 6]  # the sum wants one more of each, and they would be over 128 together
    assert roomy.sum() == round(1.4 * 8)
