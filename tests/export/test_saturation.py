import numpy as np
import onnx
import pytest
from edge_cifar.export.saturation import LARGEST_PAIR, SMALLEST_SCALE, largest_pairs, prove, prove_weight, weight_scales
from onnx import TensorProto, helper, numpy_helper


def saturates(weight: np.ndarray) -> bool:
    """Whether 16-bit sums of neighbours, computed for the worst activations, differ from the true ones."""
    pairs = weight.reshape(len(weight), -1, 2).astype(int)
    for activations in ((255, 255), (255, 0), (0, 255)):
        sums = (pairs * np.array(activations)).sum(axis=2)
        if (sums != np.clip(sums, -(2**15), 2**15 - 1)).any():
            return True
    return False


def wraps(weight: np.ndarray) -> bool:
    """Whether 16-bit sums of two products of any two weights, activations flipped to int8, wrap around."""
    products = np.unique(np.outer(weight.astype(int), (-128, 127)))
    sums = np.add.outer(products, products)
    return bool((sums != sums.astype(np.int16)).any())


@pytest.mark.parametrize("pair", [(64, 64), (127, 1), (127, -127), (-64, -64), (-127, 0), (-127, -1)])
def test_pairs_within_the_limits_leave_no_16_bits(pair: tuple[int, int]) -> None:
    weight = np.array([pair], np.int8)
    assert prove_weight("", weight).portable
    assert not saturates(weight)
    assert not wraps(weight)


@pytest.mark.parametrize("pair", [(65, 64), (127, 2), (-65, -64), (-127, -127)])
def test_pairs_beyond_the_limit_can_saturate(pair: tuple[int, int]) -> None:
    weight = np.array([pair], np.int8)
    assert largest_pairs(weight)[0] > LARGEST_PAIR
    assert not prove_weight("", weight).portable
    assert saturates(weight)


def test_weights_of_minus_128_wrap_on_arm_wherever_they_are() -> None:
    weight = np.array([[-128, 0, 0, 0]], np.int8)
    assert largest_pairs(weight)[0] <= LARGEST_PAIR
    assert not saturates(weight)
    assert wraps(weight)
    assert not prove_weight("", weight).portable


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


def test_weights_next_to_nothing_have_a_scale_that_is_a_normal_number() -> None:
    assert weight_scales(np.array([[1e-38, 0, 0, 0], [1e-3, 0, 0, 0]], np.float32)).tolist() == pytest.approx(
        [SMALLEST_SCALE, 1e-3 / 127]
    )


def test_rows_of_a_dense_layer_are_its_inputs_when_its_weight_is_not_transposed() -> None:
    weight = np.zeros((4, 2), np.int8)
    weight[:2, 1] = 100  # neighbours along the inputs of the second output
    quantized = dense_layer(weight)
    [proof] = prove(quantized)
    assert proof.largest_pairs.tolist() == [0, 200]


def dense_layer(weight: np.ndarray) -> onnx.ModelProto:
    """A dense layer (I, O), as far as the proof reads it."""
    nodes = [
        helper.make_node("DequantizeLinear", ["w", "scale"], ["weight"], axis=1),
        helper.make_node("Gemm", ["x", "weight"], ["y"]),
    ]
    x, y = (helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in "xy")
    tensors = [numpy_helper.from_array(weight, "w"), numpy_helper.from_array(np.ones(2, np.float32), "scale")]
    return helper.make_model(helper.make_graph(nodes, "dense", [x], [y], tensors))
