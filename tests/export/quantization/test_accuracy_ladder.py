import numpy as np
import onnx
import pytest
import torch
from edge_cifar.edge.data.labelled_images import LabelledImages
from edge_cifar.edge.data.synthetic_shapes import synthetic_split
from edge_cifar.export.evidence.text_tables import rung_lines
from edge_cifar.export.graph.net_graph import build_graph
from edge_cifar.export.graph.run_graph import run_logits
from edge_cifar.export.proof.portability import Portability
from edge_cifar.export.proof.saturation import prove
from edge_cifar.export.quantization.accuracy_ladder import Budget, Ladder
from edge_cifar.train.nets.layers import BatchNorm, Classify, Conv, Dense, Flatten, MaxPool, Relu
from edge_cifar.train.nets.torch_modules import build_net
from uneven import uneven

LAYERS = (Conv(8), BatchNorm(), Relu(), MaxPool(), Conv(8), Relu(), MaxPool(), Flatten(), Dense(8), Relu(), Classify())
RUNGS, FLOAT_RUNGS = 9, 3  # those in integers, and those that leave 1, 2 or 3 of the 4 weighted layers in float


@pytest.fixture(scope="module")
def small_graph() -> onnx.ModelProto:
    """A small net with random weights."""
    torch.manual_seed(0)
    return build_graph(LAYERS, build_net(LAYERS).eval(), 32)


@pytest.fixture(scope="module")
def own_answers(small_graph: onnx.ModelProto, synthetic: LabelledImages) -> LabelledImages:
    """The images with the float model's answers for targets: its accuracy is 1, and each flip a loss."""
    targets = run_logits(small_graph, synthetic.images).argmax(1)
    return LabelledImages(synthetic.images, targets, synthetic.labels, synthetic.ids)


def test_the_climb_ends_at_the_first_rung_in_budget(small_graph: onnx.ModelProto, own_answers: LabelledImages) -> None:
    ladder = Ladder(small_graph, own_answers, own_answers, Budget(max_drop=100))
    assert ladder.climb() is not None
    assert [rung.method for rung in ladder.rungs] == ["minmax"]
    assert ladder.chosen == ladder.rungs[0]


def test_of_few_images_the_calibration_method_with_the_nearest_logits_is_kept(
    small_graph: onnx.ModelProto, own_answers: LabelledImages
) -> None:
    few = own_answers.take(np.arange(40))
    ladder = Ladder(small_graph, few, few, Budget(max_drop=12))  # allows 4 images to be lost
    model = ladder.climb()
    assert model is not None
    assert [rung.method for rung in ladder.rungs] == ["minmax", "percentile", "least-squares", "entropy"]
    within = [rung for rung in ladder.rungs if rung.drop <= 12]
    assert ladder.chosen == min(within, key=lambda rung: rung.logits_error)
    difference = run_logits(model, few.images) - run_logits(small_graph, few.images)
    assert (difference**2).mean() == pytest.approx(ladder.chosen.logits_error)


def test_of_enough_images_the_first_within_is_kept(small_graph: onnx.ModelProto, own_answers: LabelledImages) -> None:
    few = own_answers.take(np.arange(40))
    ladder = Ladder(small_graph, few, few, Budget(max_drop=12.5))  # allows 5
    assert ladder.climb() is not None
    assert [rung.method for rung in ladder.rungs] == ["minmax"]


def test_without_a_rung_in_budget_there_is_no_model_and_every_rung_is_recorded(
    small_graph: onnx.ModelProto, own_answers: LabelledImages
) -> None:
    few = own_answers.take(np.arange(40))
    ladder = Ladder(small_graph, few, few, Budget(max_drop=-1, sample_size=30))
    assert ladder.climb() is None
    assert ladder.chosen is None
    kept = [len(rung.float_layers) for rung in ladder.rungs]
    assert kept == [0] * RUNGS + [1, 2, 3]
    assert {rung.portability for rung in ladder.rungs[:RUNGS]} == {Portability.PROVEN}
    assert {rung.portability for rung in ladder.rungs[RUNGS:]} == {Portability.ROUNDING}
    assert all(rung.drop >= 0 and rung.bytes > 0 and rung.latency > 0 for rung in ladder.rungs)


def test_trying_all_keeps_the_smallest_drop(small_graph: onnx.ModelProto, own_answers: LabelledImages) -> None:
    few = own_answers.take(np.arange(40))
    ladder = Ladder(small_graph, few, few, Budget(max_drop=100, sample_size=30, every_rung=True))
    model = ladder.climb()
    assert model is not None
    assert len(ladder.rungs) == RUNGS + FLOAT_RUNGS
    best = min(ladder.rungs, key=lambda rung: rung.drop)
    assert ladder.chosen == best
    right = run_logits(model, few.images).argmax(1) == few.targets
    assert 100 * (1 - right.mean()) == pytest.approx(best.drop)


def test_several_samples_are_drawn_and_the_drop_of_each_is_recorded(
    small_graph: onnx.ModelProto, own_answers: LabelledImages
) -> None:
    few = own_answers.take(np.arange(60))
    ladder = Ladder(small_graph, own_answers, few, Budget(max_drop=-1, sample_size=20, sample_seed=2**32 - 1))
    ladder.climb()
    [rung] = [rung for rung in ladder.rungs if rung.sample_drops]
    assert "median of 5 samples" in rung.method
    assert len(rung.sample_drops) == 5
    assert rung.sample_drops[0] == min(other.drop for other in ladder.rungs[:4])  # the one that the methods ran on
    lines = list(rung_lines(ladder.rungs, len(few)))
    assert sum("each sample alone" in line for line in lines) == 1


def test_a_file_that_need_not_be_portable_is_quantized_over_the_full_range(
    small_graph: onnx.ModelProto, own_answers: LabelledImages
) -> None:
    few = own_answers.take(np.arange(40))
    ladder = Ladder(small_graph, few, few, Budget(max_drop=100, portable=False))
    model = ladder.climb()
    assert model is not None
    assert max(proof.largest_weight for proof in prove(model)) == 127
    assert ladder.rungs[0].portability == Portability.UNPROVEN
    assert "NOT PORTABLE" in list(rung_lines(ladder.rungs, len(few)))[1]


def test_a_net_that_plain_quantization_harms_is_repaired_in_integers() -> None:
    torch.manual_seed(0)
    layers = (*(Conv(16), BatchNorm(), Relu(), MaxPool()), *(Conv(16), Relu(), MaxPool()) * 2, Flatten(), Classify())
    model = uneven(build_graph(layers, build_net(layers).eval(), 32), spread=4)
    images = synthetic_split("test", 32).take(np.arange(400))
    logits = run_logits(model, images.images)
    first, second = np.sort(logits, axis=1)[:, :-3:-1].T
    sure = np.sort(np.argsort(first - second)[-200:])  # so that an answer that changes was no toss-up
    answered = images.take(sure)
    val = LabelledImages(answered.images, logits[sure].argmax(1), answered.labels, answered.ids)
    ladder = Ladder(model, images, val, Budget(sample_size=64))
    assert ladder.climb() is not None
    assert ladder.rungs[0].drop > 20
    assert ladder.rungs[-1].drop <= 0.5
    assert not ladder.rungs[-1].float_layers
    assert ladder.rungs[-1].portability == Portability.PROVEN


def test_where_the_best_will_do_the_best_in_integers_is_kept(
    small_graph: onnx.ModelProto, own_answers: LabelledImages
) -> None:
    few = own_answers.take(np.arange(40))
    ladder = Ladder(small_graph, few, few, Budget(max_drop=-1, best_effort=True))
    assert ladder.climb() is not None
    assert len(ladder.rungs) == RUNGS - 1  # but for the median of several samples, of which there is one
    assert all(not rung.float_layers for rung in ladder.rungs)
    assert ladder.chosen is not None
    assert ladder.chosen.drop == min(rung.drop for rung in ladder.rungs)
