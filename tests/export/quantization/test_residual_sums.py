import numpy as np
import onnx
import pytest
import torch
from edge_cifar.edge.data.labelled_images import LabelledImages
from edge_cifar.export.graph.net_graph import build_graph
from edge_cifar.export.graph.run_graph import open_session, run_logits
from edge_cifar.export.proof.portability import Portability, portability
from edge_cifar.export.quantization.calibration import Range, activation_histograms, ranges
from edge_cifar.export.quantization.fine_tune import input_ranges
from edge_cifar.export.quantization.quantize import quantize
from edge_cifar.export.quantization.residual_sums import scale_owner, sum_overrides
from edge_cifar.train.nets.layers import BatchNorm, Classify, Conv, Flatten, MaxPool, Relu, Residual
from edge_cifar.train.nets.torch_modules import build_net
from onnx import TensorProto, helper, numpy_helper

BLOCK = (Residual((Conv(8), BatchNorm())), Relu())
LAYERS = (Conv(8), Relu(), *BLOCK, *BLOCK, *(MaxPool(),) * 4, Flatten(), Classify())  # two blocks in a row


@pytest.fixture(scope="module")
def residual(synthetic: LabelledImages) -> tuple[onnx.ModelProto, dict[str, Range]]:
    """The float model of a net with two residual blocks, and the ranges of its activations."""
    torch.manual_seed(0)
    model = build_graph(LAYERS, build_net(LAYERS).eval(), 32)
    return model, ranges(activation_histograms(model, synthetic.take(np.arange(20))), "minmax")


def test_sums_of_the_same_tensors_have_one_scale(residual: tuple[onnx.ModelProto, dict[str, Range]]) -> None:
    overrides = sum_overrides(*residual)
    assert len(overrides) == 5  # the first ReLU, and a convolution and a sum for each block
    assert len({float(entry["scale"]) for [entry] in overrides.values()}) == 1


def test_every_value_fits_its_scale(residual: tuple[onnx.ModelProto, dict[str, Range]]) -> None:
    model, found = residual
    for name, [entry] in sum_overrides(model, found).items():
        low, high = (level * float(entry["scale"]) for level in np.array([0, 255]) - int(entry["zero_point"]))
        assert low <= found[name][0] + float(entry["scale"])
        assert found[name][1] <= high + float(entry["scale"])


def _of_sum(model: onnx.ModelProto, which: str) -> onnx.TensorProto:
    """Return the scale that a model's first sum reads or gives."""
    add = next(node for node in model.graph.node if node.op_type == "Add")
    if which == "read":
        node = next(node for node in model.graph.node if node.output[0] == add.input[1])
    else:
        node = next(node for node in model.graph.node if add.output[0] in node.input)
    return next(tensor for tensor in model.graph.initializer if tensor.name == node.input[1])


@pytest.mark.parametrize("which", ["read", "given"])
def test_a_net_with_sums_is_proven_until_one_scale_is_another(
    residual: tuple[onnx.ModelProto, dict[str, Range]], which: str
) -> None:
    quantized = quantize(*residual)
    assert portability(quantized) is Portability.PROVEN
    scale = _of_sum(quantized, which)
    scale.CopyFrom(numpy_helper.from_array(np.nextafter(numpy_helper.to_array(scale), np.float32(1)), scale.name))
    assert portability(quantized) is Portability.ROUNDING


def test_a_shortcut_behind_pooling_has_the_scale_of_the_sum(synthetic: LabelledImages) -> None:
    torch.manual_seed(0)
    layers = (Conv(8), Relu(), MaxPool(), *BLOCK, *(MaxPool(),) * 3, Flatten(), Classify())
    model = build_graph(layers, build_net(layers).eval(), 32)
    images = synthetic.take(np.arange(20))
    quantized = quantize(model, ranges(activation_histograms(model, images), "minmax"))
    assert portability(quantized) is Portability.PROVEN
    exact = run_logits(model, images.images)
    assert np.abs(run_logits(quantized, images.images) - exact).max() < 0.05 * np.ptp(exact)


def test_a_sum_with_a_constant_is_left_to_the_quantizer(residual: tuple[onnx.ModelProto, dict[str, Range]]) -> None:
    model, found = onnx.ModelProto(), residual[1]
    model.CopyFrom(residual[0])
    add = next(node for node in model.graph.node if node.op_type == "Add")
    add.input[1] = "shift"
    model.graph.initializer.append(numpy_helper.from_array(np.ones((1, 8, 1, 1), np.float32), "shift"))
    assert add.output[0] not in sum_overrides(model, found)


def test_fine_tuning_rounds_what_sums_read_and_give_as_the_int8_file_does(
    residual: tuple[onnx.ModelProto, dict[str, Range]],
) -> None:
    _, *others = input_ranges(residual[0], quantize(*residual))  # but for the pixels
    assert len(others) == 3  # a convolution for each block, and the classifier behind the poolings
    assert len({high - low for low, high in others}) == 1


@pytest.mark.parametrize("scale", [0.0465, 1e-5, 3.7])
def test_onnxruntime_adds_as_integers_do(scale: float) -> None:
    levels = np.arange(256, dtype=np.uint8)
    first, second = np.repeat(levels, 256), np.tile(levels, 256)  # every pair there is
    zero_points = np.array([0, 72, 11], np.uint8)
    session = open_session(_sum_of_two(np.float32(scale), zero_points))
    [given] = session.run(None, {"a": first, "b": second})
    steps = first.astype(int) - int(zero_points[0]) + second - int(zero_points[1])
    assert np.array_equal(given, np.clip(steps + int(zero_points[2]), 0, 255))


def _sum_of_two(scale: np.float32, zero_points: np.ndarray) -> onnx.ModelProto:
    """Return a model that adds two uint8 tensors (65536,) of one scale, each with a zero point, as does the sum."""
    nodes = [
        helper.make_node("DequantizeLinear", ["a", "scale", "zero_0"], ["a_float"]),
        helper.make_node("DequantizeLinear", ["b", "scale", "zero_1"], ["b_float"]),
        helper.make_node("Add", ["a_float", "b_float"], ["sum"]),
        helper.make_node("QuantizeLinear", ["sum", "scale", "zero_2"], ["c"]),
    ]
    tensors = [numpy_helper.from_array(np.array(scale), "scale")]
    tensors += [numpy_helper.from_array(value, f"zero_{i}") for i, value in enumerate(zero_points)]
    a, b, c = (helper.make_tensor_value_info(name, TensorProto.UINT8, [65536]) for name in "abc")
    graph = helper.make_graph(nodes, "sum", [a, b], [c], tensors)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=7)


def _model(*nodes: str) -> onnx.ModelProto:
    """A graph of nodes written as "Add a b c": the kind, what it reads, and what it gives."""
    made = [helper.make_node(kind, reads, [gives]) for kind, *reads, gives in (words.split() for words in nodes)]
    return helper.make_model(helper.make_graph(made, "graph", [], []))


def _overrides(model: onnx.ModelProto, found: dict[str, Range]) -> dict[str, tuple[float, int]]:
    made = sum_overrides(model, found)
    for [entry] in made.values():
        assert (entry["scale"].dtype, entry["zero_point"].dtype) == (np.float32, np.uint8)
        assert entry["scale"].shape == entry["zero_point"].shape == ()
    return {name: (float(entry["scale"]), int(entry["zero_point"])) for name, [entry] in made.items()}


def test_the_scale_of_a_sum_is_that_of_its_widest_tensor() -> None:
    found = {"a": (-1.0, 1.0), "b": (0.5, 1.5), "c": (-2.0, -0.25), "d": (-51.0, 51.0)}
    scale = float(np.float32(2 / 255))
    assert _overrides(_model("Add a b c", "Mul d a e"), found) == {
        "a": (scale, 127),
        "b": (scale, 0),
        "c": (scale, 255),
    }
    higher = {**found, "b": (2.0, 5.1)}  # from 0, though nothing is below 2
    assert _overrides(_model("Add a b c"), higher)["a"] == (float(np.float32(0.02)), 50)
    assert _overrides(_model("Add a b c"), dict.fromkeys("abc", (0.0, 0.0)))["a"] == (float(np.float32(1e-6 / 255)), 0)


def test_a_sum_without_ranges_is_left_and_others_are_not() -> None:
    found = dict.fromkeys("bcdef", (0.0, 1.0))
    assert _overrides(_model("Add a b c", "Add d e f"), found).keys() == set("def")


def test_sums_that_share_a_tensor_share_its_scale_however_they_are_joined() -> None:
    nodes = ("Add a b c", "Add d e f", "Add g h i", "Add c f j")  # the last joins the first two
    found = dict.fromkeys("abcdefghij", (0.0, 1.0)) | {"e": (0.0, 9.0), "h": (0.0, 3.0)}
    scales = {name: scale for name, (scale, _) in _overrides(_model(*nodes), found).items()}
    wide, other = float(np.float32(9 / 255)), float(np.float32(3 / 255))
    assert scales == {**dict.fromkeys("abcdefj", wide), **dict.fromkeys("ghi", other)}


def test_a_relu_that_alone_reads_a_sum_is_part_of_it() -> None:
    found = dict.fromkeys("abcde", (0.0, 1.0))
    assert _overrides(_model("Add a b c", "Relu c d"), found).keys() == set("abd")
    assert _overrides(_model("Add a b c", "Relu c d", "Mul c a e"), found).keys() == set("abc")
    assert _overrides(_model("Add a b c", "Tanh c d"), found).keys() == set("abc")
    assert _overrides(_model("Add a b c"), found).keys() == set("abc")


@pytest.mark.parametrize("kind", ["MaxPool", "Transpose", "Flatten", "Reshape"])
def test_what_pools_or_moves_has_the_scale_of_what_it_reads(kind: str) -> None:
    found = dict.fromkeys(("first", "b", "c"), (0.0, 1.0))
    moved = _model(f"{kind} first second", f"{kind} second third", "Add third b c")
    assert _overrides(moved, found).keys() == {"first", "b", "c"}
    makers = {node.output[0]: node for node in moved.graph.node}
    assert [scale_owner(name, makers) for name in ("third", "first", "c")] == ["first", "first", "c"]
