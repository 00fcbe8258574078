import numpy as np
import pytest
from edge_cifar.edge.errors import ModelError
from edge_cifar.export.cleanup.settle import settle
from foreign_graphs import compute, graph, images, kinds, node, weights

SHAPE = (2, 3, 8, 8)
NORM = {name: np.abs(weights(4)) + 1 for name in ("scale", "bias", "mean", "var")}


def test_shapes_and_constants_are_folded() -> None:
    model = graph(
        *(
            node("Conv", "x w", "c"),
            node("BatchNormalization", "c scale bias mean var", "n"),
            node("Dropout", "n", "d"),
        ),
        *(node("Shape", "d", "s"), node("Gather", "s zero", "batch"), node("Concat", "batch rest", "to", axis=0)),
        *(node("Reshape", "d to", "r"), node("MatMul", "r v", "m"), node("Add", "m b", "y")),
        shape=("N", 3, "H", "W"),
        **NORM,
        **{"w": weights(4, 3, 3, 3), "v": weights(144, 5), "b": weights(5)},
        **{"zero": np.array([0]), "rest": np.array([-1])},
    )
    settled = settle(model, SHAPE)
    assert kinds(settled) == ["Conv", "Reshape", "Gemm"]
    np.testing.assert_allclose(compute(settled, images()), compute(model, images()), atol=1e-5)
    assert len(model.graph.node) == 9


def test_old_operator_sets_are_brought_up() -> None:
    clip = node("Clip", "x", "c", min=0.0, max=6.0)
    model = graph(clip, node("Squeeze", "c", "y", axes=[0]), shape=(1, 3, 8, 8), opset=9)
    settled = settle(model, (1, 3, 8, 8))
    assert next(entry.version for entry in settled.opset_import if entry.domain == "") == 17
    np.testing.assert_array_equal(compute(settled, images((1, 3, 8, 8))), compute(model, images((1, 3, 8, 8))))


def test_what_onnxruntime_cannot_open_is_one_clear_line() -> None:
    model = graph(node("MatMul", "x w", "y"), w=weights(5, 5), shape=("N", "C", "H", "W"))
    with pytest.raises(ModelError, match=r"can't open it for images of \(3, 8, 8\)"):
        settle(model, SHAPE)
