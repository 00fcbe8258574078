import pytest
import torch
from edge_cifar.train.nets.catalogue import NETS
from edge_cifar.train.nets.layers import BatchNorm, Classify, Conv, Flatten, MaxPool, Relu, Residual
from edge_cifar.train.nets.torch_modules import build_net
from edge_cifar.train.transfer.frozen import freeze, frozen_layers, train_mode
from torch import nn

BLOCK = Residual((Conv(8), BatchNorm(), Relu(), Conv(8), BatchNorm()), ())
LAYERS = (Conv(8), BatchNorm(), Relu(), BLOCK, Relu(), MaxPool(), Conv(8), Flatten(), Classify())


@pytest.mark.parametrize(
    ("share", "layers"),
    [
        (0, 0),
        (0.1, 0),  # no layer with weights, and nothing in front of the first one
        (0.25, 3),  # with the batchnorm and the activation behind it
        (0.5, 3),  # the block would be cut, and is trained as a whole
        (0.75, 6),
        (1, 8),  # all but the classifier
    ],
)
def test_the_first_layers_are_counted_by_their_weights(share: float, layers: int) -> None:
    assert frozen_layers(LAYERS, share) == layers


@pytest.mark.parametrize("net", NETS)
def test_of_any_net_all_or_nothing_may_be_frozen(net: str) -> None:
    assert frozen_layers(NETS[net], 0) == 0
    assert frozen_layers(NETS[net], 1) == len(NETS[net]) - 1
    assert 0 < frozen_layers(NETS[net], 0.5) < len(NETS[net]) - 1


def test_frozen_layers_keep_nothing_for_a_way_back() -> None:
    net = build_net(LAYERS, size=8)
    front = freeze(net, LAYERS, 0.75)
    pixels = torch.zeros(2, 8, 8, 3, dtype=torch.uint8)
    assert front(pixels).grad_fn is None
    net(pixels).sum().backward()
    assert [p.grad is None for p in net.parameters()] == [True] * 12 + [False] * 4


def test_frozen_layers_and_statistics_are_evaluated_in_training() -> None:
    net = build_net(LAYERS, size=8)
    norms = [module for module in net.modules() if isinstance(module, nn.BatchNorm2d)]
    train_mode(net, freeze(net, LAYERS, 0.25), freeze_statistics=False)
    assert [module.training for module in norms] == [False, True, True]
    train_mode(net, freeze(net, LAYERS, 0), freeze_statistics=True)
    assert [module.training for module in norms] == [False] * 3
    assert net[-1].training
