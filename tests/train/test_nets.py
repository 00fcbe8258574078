import pytest
import torch
from edge_cifar.train.nets import NETS, Normalize, build_net, count_parameters


def test_batchnorm_has_the_published_number_of_parameters() -> None:
    assert count_parameters(build_net(NETS["batchnorm"])) == 309_290


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
