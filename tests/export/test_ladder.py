import numpy as np
import onnx
import pytest
from edge_cifar.edge.labelled import LabelledImages
from edge_cifar.export.ladder import Ladder
from edge_cifar.export.run_model import run_logits


@pytest.fixture(scope="module")
def own_answers(random_graph: onnx.ModelProto, synthetic: LabelledImages) -> LabelledImages:
    """The images with the float model's answers for targets: its accuracy is 1, and each flip a loss."""
    targets = run_logits(random_graph, synthetic.images).argmax(1)
    return LabelledImages(synthetic.images, targets, synthetic.labels, synthetic.ids)


def test_the_climb_ends_at_the_first_rung_in_budget(random_graph: onnx.ModelProto, own_answers: LabelledImages) -> None:
    ladder = Ladder(random_graph, own_answers, own_answers, max_drop=100)
    assert ladder.climb() is not None
    assert [rung.method for rung in ladder.rungs] == ["minmax"] == [ladder.chosen]


def test_without_a_rung_in_budget_there_is_no_model_and_every_rung_is_recorded(
    random_graph: onnx.ModelProto, own_answers: LabelledImages
) -> None:
    few = own_answers.take(np.arange(40))
    ladder = Ladder(random_graph, few, few, max_drop=-1)
    assert ladder.climb() is None
    assert ladder.chosen == ""
    kept = [len(rung.float_layers) for rung in ladder.rungs]
    assert kept == [0] * 7 + [1, 2, 3, 4, 5, 6]
    assert all(rung.drop >= 0 and rung.bytes > 0 and rung.latency > 0 for rung in ladder.rungs)


def test_trying_all_keeps_the_smallest_drop(random_graph: onnx.ModelProto, own_answers: LabelledImages) -> None:
    few = own_answers.take(np.arange(40))
    ladder = Ladder(random_graph, few, few, max_drop=100)
    model = ladder.climb(every=True)
    assert model is not None
    assert len(ladder.rungs) == 13
    best = min(ladder.rungs, key=lambda rung: rung.drop)
    assert ladder.chosen == best.method
    right = run_logits(model, few.images).argmax(1) == few.targets
    assert 100 * (1 - right.mean()) == pytest.approx(best.drop)
