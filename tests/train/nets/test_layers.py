import pytest
import torch
from edge_cifar.edge.errors import RunError
from edge_cifar.train.nets.catalogue import NETS
from edge_cifar.train.nets.layers import (
    AveragePool,
    Classify,
    Conv,
    Dense,
    Depthwise,
    Dropout,
    Flatten,
    Gate,
    HardSigmoid,
    MaxPool,
    Residual,
    count_macs,
    pads,
    scaled,
    shapes,
    side_behind,
)
from edge_cifar.train.nets.torch_modules import build_net


def test_macs_are_counted_as_on_paper() -> None:
    assert count_macs(NETS["single"]) == 32**2 * 16 * 27 + 4096 * 16 + 16 * 10
    unpadded = 30**2 * 32 * 27 + 13**2 * 64 * 288 + 4**2 * 64 * 576 + 1024 * 64 + 64 * 10
    assert count_macs(NETS["plain"]) == unpadded
    assert count_macs((Conv(4, 4, padding="valid"),), size=8) == 5**2 * 4 * 3 * 16
    assert count_macs((Conv(4, 6, stride=2),), size=8) == 4**2 * 4 * 3 * 36
    block = Residual((Conv(8, stride=2), Conv(8)), (Conv(8, 1, stride=2),))
    assert count_macs((block, AveragePool(), Flatten(), Classify()), size=8) == 4**2 * 8 * (27 + 72 + 3) + 80
    gate = Gate((AveragePool(), Conv(2, 1), Conv(3, 1), HardSigmoid()))
    assert count_macs((Depthwise(5, 2, "same"), gate), size=9) == 5**2 * 3 * 25 + 3 * 2 + 2 * 3


@pytest.mark.parametrize("kernel", [2, 3, 5, 7])
@pytest.mark.parametrize("stride", [1, 2, 3])
def test_same_padding_leaves_the_side_over_the_stride_and_adds_what_is_odd_below(kernel: int, stride: int) -> None:
    for side in range(7, 20):
        layer = Conv(1, kernel, stride, "same")
        above, below = pads(layer, side)
        assert side_behind(layer, side) == -(-side // stride)
        assert below - above in (0, 1)
        last_window = (side_behind(layer, side) - 1) * stride + kernel
        assert last_window == side + above + below or above == below == 0


def test_sides_are_those_of_torch() -> None:
    for layer in (Conv(4, 7, 2), Conv(4, 1, 2), Depthwise(5, 2), MaxPool(3, 2, "symmetric"), Conv(4, 5, 2, "same")):
        for side in (8, 9, 31):
            net = build_net((layer, AveragePool(), Flatten(), Classify()), size=side)
            assert net[1](torch.zeros(1, 3, side, side)).shape[2] == side_behind(layer, side)


def test_an_image_that_is_smaller_than_a_stride_is_too_small() -> None:
    halved_thrice = (*(Depthwise(stride=2),) * 2, Residual((Conv(3, stride=2),), (Conv(3, 1, 2),)), AveragePool())
    assert [side for _, side in shapes(halved_thrice, 5)] == [5, 3, 2, 1]
    with pytest.raises(RunError, match="--size 4: too small for this net, whose poolings and strides leave nothing"):
        list(shapes(halved_thrice, 4))


@pytest.mark.parametrize("name", NETS)
def test_at_width_one_a_net_is_exactly_itself(name: str) -> None:
    assert scaled(NETS[name], 1.0) == NETS[name]


def test_width_multiplies_hidden_layers_to_multiples_of_four() -> None:
    layers = (Conv(32, 5, padding="valid"), Dropout(0.2), Dense(24), Classify())
    assert scaled(layers, 0.6) == (Conv(20, 5, padding="valid"), Dropout(0.2), Dense(16), Classify())
    assert scaled(layers, 0.1)[2] == Dense(4)
    assert scaled(layers, 1.5)[0] == Conv(48, 5, padding="valid")
    assert scaled((Residual((Conv(8),), (Conv(8, 1),)),), 2.0) == (Residual((Conv(16),), (Conv(16, 1),)),)
    assert scaled((Gate((Conv(8, 1, bias=False),)),), 2.0) == (Gate((Conv(16, 1, bias=False),)),)
