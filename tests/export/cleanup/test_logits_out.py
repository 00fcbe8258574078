import numpy as np
import pytest
from edge_cifar.edge.errors import ModelError
from edge_cifar.export.cleanup.logits_out import take_logits
from foreign_graphs import compute, draft, images, kinds, node

FLAT = node("Flatten", "s", "y")


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


@pytest.mark.parametrize("end", ["Sigmoid", "ArgMax", "Hardmax"])
def test_other_ends_are_refused_by_name(end: str) -> None:
    with pytest.raises(ModelError, match=f"made by {end}.*needs logits"):
        take_logits(draft(node("Relu", "x", "a"), node(end, "a", "y")))
