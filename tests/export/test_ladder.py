import numpy as np
import onnx
import pytest
import torch
from edge_cifar.edge.labelled import LabelledImages
from edge_cifar.edge.synthetic import synthetic_split
from edge_cifar.export.calibration import calibration_sample
from edge_cifar.export.graph import build_graph
from edge_cifar.export.ladder import Ladder
from edge_cifar.export.run_model import run_logits
from edge_cifar.train.loop import fit
from edge_cifar.train.nets import NETS
from edge_cifar.train.recipe import Recipe
from edge_cifar.train.run import Run


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
    fit(run, train, test, torch.device("cpu"), lambda _step: None, lambda _epoch: None)
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
    ladder = Ladder(model, calibration_sample(train, 256, 0), test, max_drop=0.5)
    assert ladder.climb() is not None
    assert ladder.rungs[0].drop > 2
    assert ladder.rungs[-1].drop <= 0.5
    assert not ladder.rungs[-1].float_layers  # repaired in integers
