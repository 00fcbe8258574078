import pytest
import torch
from edge_cifar.edge.errors import RunError
from edge_cifar.train.nets import (
    NETS,
    AveragePool,
    Classify,
    Conv,
    Dense,
    Dropout,
    Flatten,
    Normalize,
    Residual,
    build_net,
    count_macs,
    count_parameters,
    scaled,
)

PUBLISHED_PARAMETERS = {
    "batchnorm": 309_290,
    "plain": 122_570,
    "plain-dropout": 122_570,
    "wide-kernel": 225_610,
    "single": 66_170,
    "augmented": 89_834,
    "deep": 666_026,
    "deep-augmented": 529_322,
    "plain-128": 167_818,
    "batchnorm-elu": 309_290,
    "resnet8": 78_666,
}


@pytest.mark.parametrize(("name", "parameters"), PUBLISHED_PARAMETERS.items())
def test_a_net_has_the_published_number_of_parameters(name: str, parameters: int) -> None:
    assert count_parameters(build_net(NETS[name])) == parameters


def test_macs_are_counted_as_on_paper() -> None:
    assert count_macs(NETS["single"]) == 32**2 * 16 * 27 + 4096 * 16 + 16 * 10
    unpadded = 30**2 * 32 * 27 + 13**2 * 64 * 288 + 4**2 * 64 * 576 + 1024 * 64 + 64 * 10
    assert count_macs(NETS["plain"]) == unpadded
    assert count_macs((Conv(4, 4, padded=False),), size=8) == 5**2 * 4 * 3 * 16
    assert count_macs((Conv(4, 6, stride=2),), size=8) == 4**2 * 4 * 3 * 36
    block = Residual((Conv(8, stride=2), Conv(8)), (Conv(8, 1, stride=2),))
    assert count_macs((block, AveragePool(), Flatten(), Classify()), size=8) == 4**2 * 8 * (27 + 72 + 3) + 80


@pytest.mark.parametrize("name", NETS)
def test_at_width_one_a_net_is_exactly_itself(name: str) -> None:
    assert scaled(NETS[name], 1.0) == NETS[name]


def test_width_multiplies_hidden_layers_to_multiples_of_four() -> None:
    layers = (Conv(32, 5, padded=False), Dropout(0.2), Dense(24), Classify())
    assert scaled(layers, 0.6) == (Conv(20, 5, padded=False), Dropout(0.2), Dense(16), Classify())
    assert scaled(layers, 0.1)[2] == Dense(4)
    assert scaled(layers, 1.5)[0] == Conv(48, 5, padded=False)
    assert scaled((Residual((Conv(8),), (Conv(8, 1),)),), 2.0) == (Residual((Conv(16),), (Conv(16, 1),)),)


def test_a_size_that_the_poolings_use_up_is_refused() -> None:
    with pytest.raises(RunError, match="--size 16: too small for this net"):
        build_net(NETS["deep"], size=16)


def test_dropout_is_the_nets_own_unless_the_recipe_sets_it() -> None:
    rates = [layer.rate for layer in NETS["batchnorm-elu"] if isinstance(layer, Dropout)]
    assert rates == [0.2, 0.3, 0.4]
    own, set_by_recipe = (build_net(NETS["batchnorm-elu"], dropout=dropout) for dropout in (None, 0.1))
    assert [module.p for module in own if isinstance(module, torch.nn.Dropout)] == rates
    assert [module.p for module in set_by_recipe if isinstance(module, torch.nn.Dropout)] == [0.1] * 3


@pytest.mark.parametrize("name", NETS)
def test_every_net_gives_a_logit_for_each_class_at_any_size(name: str) -> None:
    net = build_net(NETS[name], size=40, classes=7).eval()
    assert net(torch.zeros((2, 40, 40, 4), dtype=torch.uint8)).shape == (2, 7)


def test_pixels_are_normalized_to_mean_128_and_deviation_64() -> None:
    pixels = torch.tensor([0, 128, 192, 255], dtype=torch.uint8).reshape(1, 1, 1, 4)
    assert Normalize()(pixels).flatten().tolist() == [-2.0, 0.0, 1.0]  # the fourth channel is X


def test_the_x_channel_is_ignored(random_net: torch.nn.Sequential) -> None:
    pixels = torch.randint(0, 256, (2, 32, 32, 4), dtype=torch.uint8)
    other = pixels.clone()
    other[..., 3] = 0
    assert torch.equal(random_net(pixels), random_net(other))


def test_weights_lie_channels_last(random_net: torch.nn.Sequential) -> None:
    convolution = next(module for module in random_net if isinstance(module, torch.nn.Conv2d))
    assert convolution.weight.is_contiguous(memory_format=torch.channels_last)
