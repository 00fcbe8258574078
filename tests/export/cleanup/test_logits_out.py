import numpy as np
import onnx
import pytest
from edge_cifar.edge.errors import ModelError
from edge_cifar.export.cleanup.logits_out import take_logits
from foreign_graphs import compute, draft, images, kinds, node

FLAT = node("Flatten", "s", "y")
MAXIMUM = node("ReduceMax", "x", "s", axes=[2, 3])


@pytest.mark.parametrize("end", ["Softmax", "LogSoftmax"])
def test_a_softmax_is_taken_off_and_what_passes_on_behind_it(end: str) -> None:
    made = draft(
        node("Softmax", "x", "a"),
        node(end, "a", "b", axis=-1),
        node("Identity", "b", "c"),
        node("Cast", "c", "y", to=1),
    )
    take_logits(made)
    assert kinds(made) == ["Softmax"]  # one is inside
    assert made.output == "a"


def test_images_of_one_pixel_become_rows_whether_before_a_softmax_or_behind_it() -> None:
    pool = node("GlobalAveragePool", "x", "p")
    for nodes in ([pool, node("Softmax", "p", "y", axis=1)], [pool], [pool, node("Softmax", "p", "s"), FLAT]):
        made = draft(*nodes)
        take_logits(made)
        assert kinds(made) == ["GlobalAveragePool", "Flatten"]
        np.testing.assert_allclose(compute(made, images()), images().mean((2, 3)), atol=1e-6)


def test_logits_stay() -> None:
    made = draft(node("Relu", "x", "y"))
    take_logits(made)
    assert (kinds(made), made.output) == (["Relu"], "y")


@pytest.mark.parametrize("end", ["Sigmoid", "HardSigmoid", "Tanh", "ArgMax", "Hardmax"])
def test_other_ends_are_refused_by_name(end: str) -> None:
    with pytest.raises(ModelError, match=f"made by {end}.*needs logits"):
        take_logits(draft(node("Relu", "x", "a"), node(end, "a", "y")))


@pytest.mark.parametrize(
    "behind", [node("Flatten", "s", "y"), node("Reshape", "s row", "y"), node("Squeeze", "s", "y")]
)
def test_other_ends_are_refused_whatever_shape_they_are_given_behind(behind: onnx.NodeProto) -> None:
    made = draft(node("GlobalAveragePool", "x", "p"), node("Sigmoid", "p", "s"), behind, row=np.array([2, 3]))
    with pytest.raises(ModelError, match=r"made by Sigmoid.*needs logits"):
        take_logits(made)


@pytest.mark.parametrize("nodes", [[node("ReduceMax", "x", "y", axes=[2, 3], keepdims=0)], [MAXIMUM, FLAT]])
def test_the_largest_of_each_channel_is_a_logit(nodes: list[onnx.NodeProto]) -> None:
    made = draft(*nodes)
    take_logits(made)
    np.testing.assert_array_equal(compute(made, images()), images().max((2, 3)))


def test_the_largest_logit_is_none() -> None:
    with pytest.raises(ModelError, match="made by ReduceMax"):
        take_logits(draft(node("Flatten", "x", "f"), node("ReduceMax", "f", "y", axes=[1])))
