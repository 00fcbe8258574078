import numpy as np
import onnx
import pytest
from edge_cifar.export.proof.saturation import (
    LARGEST_PAIR,
    SMALLEST_SCALE,
    largest_pairs,
    prove,
    prove_weight,
    weight_scales,
)
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


def test_the_proof_of_a_weight_says_what_it_found() -> None:
    proof = prove_weight("w", np.array([[-128, 3], [5, 6]], np.int8))
    assert (proof.tensor, proof.largest_weight, proof.largest_pairs.tolist()) == ("w", 128, [128, 11])
    assert proof.largest_pairs.dtype == np.int64
    assert prove_weight("", np.zeros((1, 3), np.int8)).largest_weight == 0
    assert largest_pairs(np.array([[0.25, -0.5, -0.5, 0.125]], np.float32)).tolist() == [0.5]
    assert largest_pairs(np.array([[0.0, 0.0]], np.float32)).tolist() == [0]


def test_pairs_are_summed_in_more_digits_than_weights_have() -> None:
    assert largest_pairs(np.array([[1, 2**-30]], np.float32)).tolist() == [1 + 2**-30]


def test_weights_of_one_and_three_spatial_dimensions_are_paired_too() -> None:
    line = np.zeros((2, 4, 3), np.int8)
    line[0, 0, 1] = line[0, 1, 1] = 100  # channels last
    line[1, 0, 0] = line[1, 0, 1] = 100  # channels first
    assert largest_pairs(line).tolist() == [200, 200]
    assert largest_pairs(line[..., None, None]).tolist() == [200, 200]


def test_scales_are_the_finest_that_keep_the_proof() -> None:
    weight = np.array([[1, 1, 0], [1, 0, 1], [0.5, -1, 0]], np.float32)
    scales = weight_scales(weight)
    assert scales.dtype == np.float32
    assert scales.tolist() == [np.float32(2 / 127), np.float32(1 / 127), np.float32(1 / 127)]
    assert weight_scales(weight, portable=False).tolist() == [np.float32(1 / 127)] * 3


def test_the_weights_of_every_layer_of_integers_are_proven() -> None:
    square, over = np.eye(2, dtype=np.int8), np.array([[100, 0], [100, 0]], np.int8)
    tensors = {
        "conv": square[..., None, None],
        "gemm": over,
        "older_conv": 2 * square[..., None, None],
        "older_gemm": over,
        "unsigned": square.astype(np.uint8),
        "read": square,
    }
    nodes = [
        helper.make_node("Relu", ["x"], ["r"]),
        helper.make_node("Conv", ["x", "read_float"], ["0"]),
        helper.make_node("DequantizeLinear", ["conv", "s"], ["conv_float"]),
        helper.make_node("DequantizeLinear", ["gemm", "s"], ["gemm_float"]),
        helper.make_node("DequantizeLinear", ["read", "s"], ["other_float"]),
        helper.make_node("Conv", ["x", "conv_float"], ["1"]),
        helper.make_node("Gemm", ["x", "gemm_float"], ["2"], transB=1),
        helper.make_node("Gemm", ["x", "gemm_float"], ["3"], transB=0),
        helper.make_node("QLinearConv", ["x", "s", "z", "older_conv"], ["4"]),
        helper.make_node("QGemm", ["x", "s", "z", "older_gemm"], ["5"], transB=1),
        helper.make_node("QGemm", ["x", "s", "z", "older_gemm"], ["6"]),
        helper.make_node("QLinearConv", ["x", "s", "z", "unsigned"], ["7"]),
        helper.make_node("Mul", ["x", "other_float", "z", "read"], ["8"]),
        helper.make_node("QLinearConv", ["x", "s", "z", "x"], ["9"]),  # of weights that are no constants
    ]
    held = [numpy_helper.from_array(value, name) for name, value in tensors.items()]
    proofs = prove(helper.make_model(helper.make_graph(nodes, "layers", [], [], held)))
    assert [(proof.tensor, proof.largest_pairs.tolist()) for proof in proofs] == [
        ("conv", [1, 1]),
        ("gemm", [100, 100]),
        ("gemm", [200, 0]),
        ("older_conv", [2, 2]),
        ("older_gemm", [100, 100]),
        ("older_gemm", [200, 0]),
    ]


def test_every_quantized_layer_of_a_model_is_proven(quantized_graph: onnx.ModelProto) -> None:
    proofs = prove(quantized_graph)
    assert len(proofs) == 7
    assert all(proof.portable for proof in proofs)
    assert any(proof.largest_weight > 64 for proof in proofs)  # more than 7 bits where the proof allows it
