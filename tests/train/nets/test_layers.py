import pytest
from edge_cifar.train.nets.catalogue import NETS
from edge_cifar.train.nets.layers import (
    AveragePool,
    Classify,
    Conv,
    Dense,
    Dropout,
    Flatten,
    Residual,
    count_macs,
    scaled,
)


def test_macs_are_counted_as_on_paper() -> None:
    assert count_macs(NETS["single"]) == 32**2 * 16 * 27 + 4096 * 16 + 16 * 10
    unpadded = 30**2 * 32 * 27 + 13**2 * 64 * 288 + 4**2 * 64 * 576 + 1024 * 64 + 64 * 10
    assert count_macs(NETS["plain"]) == unpadded
    assert count_macs((Conv(4, 4, padding="valid"),), size=8) == 5**2 * 4 * 3 * 16
    assert count_macs((Conv(4, 6, stride=2),), size=8) == 4**2 * 4 * 3 * 36
    block = Residual((Conv(8, stride=2), Conv(8)), (Conv(8, 1, stride=2),))
    assert count_macs((block, AveragePool(), Flatten(), Classify()), size=8) == 4**2 * 8 * (27 + 72 + 3) + 80


@pytest.mark.parametrize("name", NETS)
def test_at_width_one_a_net_is_exactly_itself(name: str) -> None:
    assert scaled(NETS[name], 1.0) == NETS[name]


def test_width_multiplies_hidden_layers_to_multiples_of_four() -> None:
    layers = (Conv(32, 5, padding="valid"), Dropout(0.2), Dense(24), Classify())
    assert scaled(layers, 0.6) == (Conv(20, 5, padding="valid"), Dropout(0.2), Dense(16), Classify())
    assert scaled(layers, 0.1)[2] == Dense(4)
    assert scaled(layers, 1.5)[0] == Conv(48, 5, padding="valid")
    assert scaled((Residual((Conv(8),), (Conv(8, 1),)),), 2.0) == (Residual((Conv(16),), (Conv(16, 1),)),)
