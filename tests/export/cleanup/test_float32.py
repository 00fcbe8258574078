import numpy as np
from edge_cifar.export.cleanup.float32 import to_float32
from foreign_graphs import compute, graph, images, kinds, node, weights
from onnx import TensorProto, helper, numpy_helper


def test_half_precision_becomes_single_with_the_same_weights() -> None:
    half = graph(
        helper.make_node("Constant", [], ["two"], value=numpy_helper.from_array(np.array(2, np.float16))),
        node("Conv", "x w", "c"),
        node("Mul", "c two", "d"),
        node("Cast", "d", "y", to=TensorProto.FLOAT16),
        kind=TensorProto.FLOAT16,
        w=weights(4, 3, 3, 3).astype(np.float16),
    )
    single = to_float32(half)
    x = images().astype(np.float16)
    want, got = compute(half, x), compute(single, x.astype(np.float32))
    assert got.dtype == np.float32
    np.testing.assert_allclose(got, want, atol=np.abs(want).max() * 2**-9)
    weight = numpy_helper.to_array(single.graph.initializer[0])
    assert (weight == numpy_helper.to_array(half.graph.initializer[0])).all()
    assert compute(half, x).dtype == np.float16  # it is left as it was


def test_integers_and_single_precision_stay() -> None:
    model = graph(node("Reshape", "x to", "a"), node("Mul", "a w", "y"), to=np.array([0, -1]), w=weights(1))
    assert to_float32(model) == model
    assert kinds(to_float32(model)) == ["Reshape", "Mul"]
