import torch
from edge_cifar.train.nets.identity_init import start_as_identity
from edge_cifar.train.nets.layers import BatchNorm, Classify, Conv, Depthwise, Flatten, Layer, MaxPool, Relu
from edge_cifar.train.nets.torch_modules import build_net

LAYERS: tuple[Layer, ...] = (
    *(Conv(24, 2, padding="valid"), Relu()),
    *(Depthwise(), BatchNorm()),
    *(Conv(32), BatchNorm(), MaxPool()),
    *(Conv(8), Flatten(), Classify()),
)


def _pixels() -> torch.Tensor:
    """Smooth images, whose neighbouring pixels are alike as those of photos are."""
    generator = torch.Generator().manual_seed(0)
    coarse = torch.randint(0, 256, (64, 3, 8, 8), generator=generator).float()
    smooth = torch.nn.functional.interpolate(coarse, size=(32, 32), mode="bilinear")
    noisy = smooth + 4 * torch.randn(smooth.shape, generator=generator)
    return noisy.clamp(0, 255).to(torch.uint8).permute(0, 2, 3, 1)


def test_what_leaves_the_first_convolution_is_white() -> None:
    torch.manual_seed(0)
    net = build_net(LAYERS, classes=2)
    start_as_identity(net, _pixels())
    with torch.inference_mode():
        values = net[1](net[0](_pixels())).permute(1, 0, 2, 3).flatten(1)  # (24, values)
    directions, opposite = values.split(12)
    assert torch.allclose(directions, -opposite, atol=1e-4)
    moments = directions @ directions.T / directions.shape[1]
    assert torch.allclose(moments, torch.eye(12), atol=0.1)


def test_further_convolutions_hand_their_channels_on() -> None:
    torch.manual_seed(0)
    net = build_net(LAYERS, classes=2)
    random_filters = net[5].weight[24:].clone()
    start_as_identity(net, _pixels())
    value = torch.rand(2, 24, 8, 8)
    with torch.inference_mode():
        handed_on = net[5](value) - net[5].bias[:, None, None]
        assert torch.allclose(handed_on[:, :24], value, atol=1e-6)
        assert torch.equal(net[5].weight[24:], random_filters)
        narrowed = net[8](torch.cat([value, value], 1)[:, :32]) - net[8].bias[:, None, None]
        assert torch.allclose(narrowed, value[:, :8], atol=1e-6)
        assert not torch.equal(net[3].weight.flatten(1).amax(1), torch.ones(24))  # depthwise: as it was


def test_the_same_images_give_the_same_start() -> None:
    starts = []
    for _ in range(2):
        torch.manual_seed(0)
        net = build_net(LAYERS, classes=2)
        start_as_identity(net, _pixels())
        starts.append(net.state_dict())
    assert all(torch.equal(tensor, starts[1][name]) for name, tensor in starts[0].items())
