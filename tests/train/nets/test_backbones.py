"""The backbones beside the nets that they are: torchvision's own modules."""

from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F  # noqa: N812, PyTorch's own name for it
import torchvision
from edge_cifar.train.nets.backbones import BACKBONES
from edge_cifar.train.nets.layers import Pixels, count_macs
from edge_cifar.train.nets.torch_modules import build_net
from edge_cifar.train.runs.imagenet_weights import copy_backbone

TORCHVISION: dict[str, Callable[[], torch.nn.Module]] = {
    "mobilenet-v2": torchvision.models.mobilenet_v2,
    "mobilenet-v3-small": torchvision.models.mobilenet_v3_small,
    "resnet18": torchvision.models.resnet18,
}
PARAMETERS = {  # published: torchvision's `num_params`, and those in the file of EfficientNet-Lite0
    "efficientnet-lite0": 4_652_008,
    "mobilenet-v2": 3_504_872,
    "mobilenet-v3-small": 2_542_856,
    "resnet18": 11_689_512,
}
MACS = {"efficientnet-lite0": 385, "mobilenet-v2": 301, "mobilenet-v3-small": 57, "resnet18": 1814}  # millions


@pytest.mark.parametrize(("name", "parameters"), PARAMETERS.items())
def test_a_backbone_has_the_published_number_of_parameters_and_multiplications(name: str, parameters: int) -> None:
    with torch.device("meta"):
        net = build_net(BACKBONES[name], size=224, classes=1000)
    assert sum(parameter.numel() for parameter in net.parameters()) == parameters
    assert round(count_macs(BACKBONES[name], size=224, classes=1000) / 1e6) == MACS[name]


def with_statistics(net: torch.nn.Module) -> torch.nn.Module:
    """Give each batchnorm weights and statistics of its own, so that a net of random weights is no constant."""
    for module in net.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            torch.nn.init.uniform_(module.weight, 0.5, 2)
            torch.nn.init.normal_(module.bias, std=0.3)
            torch.nn.init.normal_(module.running_mean, std=0.3)
            torch.nn.init.uniform_(module.running_var, 0.2, 1)
    return net.eval()


@pytest.mark.parametrize("size", [96, 101])
@pytest.mark.parametrize("name", TORCHVISION)
def test_a_backbone_computes_what_torchvision_does(name: str, size: int) -> None:
    torch.manual_seed(0)
    theirs = with_statistics(TORCHVISION[name]())
    ours = build_net(BACKBONES[name], size=size, classes=1000).eval()
    state = theirs.state_dict()
    copy_backbone(ours, state)
    head = [tensor for key, tensor in state.items() if key.startswith(("fc.", list(state)[-1].rpartition(".")[0]))]
    pixels = torch.randint(0, 256, (2, size, size, 4), dtype=torch.uint8)
    normalize = torchvision.transforms.Normalize((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
    with torch.inference_mode():
        expected = theirs(normalize(pixels[..., :3].permute(0, 3, 1, 2) / 255))
        logits = F.linear(ours[:-1](pixels), *head)
    assert (logits - expected).abs().max() < 1e-4 * expected.abs().max()
    assert expected.std() > 0.01 * expected.abs().max() > 0


@pytest.mark.parametrize("name", BACKBONES)
def test_a_backbone_begins_with_its_pixels_and_ends_with_features_of_one_pixel(name: str) -> None:
    net = build_net(BACKBONES[name], size=64, classes=3).eval()
    assert isinstance(BACKBONES[name][0], Pixels)
    features = net[:-1](torch.zeros((2, 64, 64, 4), dtype=torch.uint8))
    assert features.shape == (2, net[-1].in_features)
