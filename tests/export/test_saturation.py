import numpy as np
import onnx
import pytest
from edge_cifar.export.saturation import LARGEST_PAIR, largest_pairs, prove, weight_scales


def saturates(weight: np.ndarray) -> bool:
    """Whether 16-bit sums of neighbours, computed for the worst activations, differ from the true ones."""
    pairs = weight.reshape(len(weight), -1, 2).astype(int)
    for activations in ((255, 255), (255, 0), (0, 255)):
        sums = (pairs * np.array(activations)).sum(axis=2)
        if (sums != np.clip(sums, -(2**15), 2**15 - 1)).any():
            return True
    return False


@pytest.mark.parametrize("pair", [(64, 64), (127, 1), (128, 0), (127, -127), (-64, -64), (-128, 0), (-127, -1)])
def test_pairs_within_the_limit_cannot_saturate(pair: tuple[int, int]) -> None:
    weight = np.array([pair], np.int16)
    assert largest_pairs(weight)[0] <= LARGEST_PAIR
    assert not saturates(weight)


@pytest.mark.parametrize("pair", [(65, 64), (127, 2), (-65, -64), (-127, -127)])
def test_pairs_beyond_the_limit_can_saturate(pair: tuple[int, int]) -> None:
    weight = np.array([pair], np.int16)
    assert largest_pairs(weight)[0] > LARGEST_PAIR
    assert saturates(weight)


def test_neighbours_are_sought_in_both_layouts() -> None:
    weight = np.zeros((3, 4, 3, 3), np.int8)
    weight[0, 0, 1, 1] = weight[0, 1, 1, 1] = 100  # neighbours channels last
    weight[1, 0, 0, 0] = weight[1, 0, 0, 1] = 100  # neighbours channels first
    weight[2, 0, 0, 0] = weight[2, 3, 2, 2] = 100  # far apart in both
    assert largest_pairs(weight).tolist() == [200, 200, 100]


def test_an_odd_reduction_ends_with_a_single_weight() -> None:
    assert largest_pairs(np.array([[1, 2, 90]], np.int8)).tolist() == [90]


def test_rounding_to_the_weight_scales_keeps_the_proof() -> None:
    random = np.random.RandomState(0)
    weight = random.standard_t(3, (500, 8, 3, 3)).astype(np.float32)
    scales = weight_scales(weight)[:, None, None, None]
    rounded = np.round(weight / scales)
    assert np.abs(rounded).max() <= 127
    assert largest_pairs(rounded.astype(np.int8)).max() <= LARGEST_PAIR
    coarsest = np.abs(weight).max(axis=(1, 2, 3), keepdims=True) / 63
    assert (scales <= coarsest * 1.001).all()  # never coarser than 7 bits


def test_scales_that_need_not_be_portable_use_all_of_int8() -> None:
    weight = np.random.RandomState(0).uniform(-1, 1, (20, 8, 3, 3)).astype(np.float32)
    scales = weight_scales(weight, portable=False)[:, None, None, None]
    assert np.abs(np.round(weight / scales)).max(axis=(1, 2, 3)).tolist() == [127] * 20
    assert largest_pairs(np.round(weight / scales).astype(np.int8)).max() > LARGEST_PAIR


def test_a_channel_of_zeros_has_a_scale() -> None:
    assert weight_scales(np.zeros((2, 4), np.float32)).tolist() == [1, 1]


def test_every_quantized_layer_of_a_model_is_proven(quantized_graph: onnx.ModelProto) -> None:
    proofs = prove(quantized_graph)
    assert len(proofs) == 7
    assert all(proof.portable for proof in proofs)
    assert any(proof.largest_weight > 64 for proof in proofs)  # more than 7 bits where the proof allows it
