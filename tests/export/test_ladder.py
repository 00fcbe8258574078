import numpy as np
import onnx
import pytest
import torch
from edge_cifar.edge.labelled import LabelledImages
from edge_cifar.edge.synthetic import synthetic_split
from edge_cifar.export.graph import build_graph
from edge_cifar.export.ladder import Budget, Ladder
from edge_cifar.export.portability import Portability
from edge_cifar.export.run_model import run_logits
from edge_cifar.export.saturation import prove
from edge_cifar.export.tables import rung_lines
from edge_cifar.train.layers import BatchNorm, Classify, Conv, Dense, Flatten, MaxPool, Relu
from edge_cifar.train.loop import fit
from edge_cifar.train.modules import build_net
from edge_cifar.train.nets import NETS
from edge_cifar.train.recipe import Recipe
from edge_cifar.train.run import Run
from edge_cifar.train.signals import StopSignals
from edge_cifar.train.training import Training

LAYERS = (Conv(8), BatchNorm(), Relu(), MaxPool(), Conv(8), Relu(), MaxPool(), Flatten(), Dense(8), Relu(), Classify())
RUNGS, FLOAT_RUNGS = 8, 3  # those in integers, and those that leave 1, 2 or 3 of the 4 weighted layers in float


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


def test_without_a_rung_in_budget_there_is_no_model_and_every_rung_is_recorded(
    small_graph: onnx.ModelProto, own_answers: LabelledImages
) -> None:
    few = own_answers.take(np.arange(40))
    ladder = Ladder(small_graph, few, few, Budget(max_drop=-1))
    assert ladder.climb() is None
    assert ladder.chosen is None
    kept = [len(rung.float_layers) for rung in ladder.rungs]
    assert kept == [0] * RUNGS + [1, 2, 3]
    assert {rung.portability for rung in ladder.rungs[:RUNGS]} == {Portability.PROVEN}
    assert {rung.portability for rung in ladder.rungs[RUNGS:]} == {Portability.ROUNDING}
    assert all(rung.drop >= 0 and rung.bytes > 0 and rung.latency > 0 for rung in ladder.rungs)


def test_trying_all_keeps_the_smallest_drop(small_graph: onnx.ModelProto, own_answers: LabelledImages) -> None:
    few = own_answers.take(np.arange(40))
    ladder = Ladder(small_graph, few, few, Budget(max_drop=100, every_rung=True))
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
    lines = list(rung_lines(ladder.rungs))
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
    assert "NOT PORTABLE" in list(rung_lines(ladder.rungs))[1]


@pytest.fixture(scope="module")
def uneven_depthwise(
    tmp_path_factory: pytest.TempPathFactory,
) -> tuple[onnx.ModelProto, LabelledImages, LabelledImages]:
    """A trained depthwise net whose channels have very different ranges, with training and test images.

    Each channel is divided by a factor after its batchnorm and multiplied by it in the next layer: the function stays,
    and one scale no longer fits all channels, as happens to depthwise nets whose batchnorm is folded.
    """
    train, test = synthetic_split("train", 32), synthetic_split("test", 32)
    data = {"name": "synthetic", "labels": list(train.labels), "splits": {}}
    run = Run(tmp_path_factory.mktemp("depthwise"), Recipe(net="depthwise", epochs=8), data, {})
    run.create()
    training = Training(run.recipe, train, torch.device("cpu"))
    fit(training, run, test, StopSignals(), lambda _step: None, lambda _epoch: None)
    net = run.load_net()
    random = torch.Generator().manual_seed(0)
    norms = [i for i, module in enumerate(net) if isinstance(module, torch.nn.BatchNorm2d)]
    for i in norms:
        following = next(module for module in net[i + 1 :] if isinstance(module, torch.nn.Conv2d | torch.nn.Linear))
        factors = torch.exp(torch.rand(net[i].num_features, generator=random) * 6 - 3)
        with torch.no_grad():
            net[i].weight /= factors
            net[i].bias /= factors
            if isinstance(following, torch.nn.Linear):
                following.weight *= factors.repeat_interleave(following.in_features // len(factors))
            elif following.groups > 1:
                following.weight *= factors[:, None, None, None]
            else:
                following.weight *= factors[None, :, None, None]
    return build_graph(NETS["depthwise"], net, 32), train, test


def test_a_net_that_plain_quantization_harms_is_repaired(
    uneven_depthwise: tuple[onnx.ModelProto, LabelledImages, LabelledImages],
) -> None:
    model, train, test = uneven_depthwise
    ladder = Ladder(model, train, test, Budget(sample_size=256))
    assert ladder.climb() is not None
    assert ladder.rungs[0].drop > 2
    assert ladder.rungs[-1].drop <= 0.5
    assert not ladder.rungs[-1].float_layers  # repaired in integers
