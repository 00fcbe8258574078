import pytest
import torch
from edge_cifar.edge.errors import RunError
from edge_cifar.train.nets.catalogue import NETS
from edge_cifar.train.nets.layers import Dropout, Pixels
from edge_cifar.train.nets.torch_modules import Normalize, ReLU6, build_net


def test_a_size_that_the_poolings_use_up_is_refused() -> None:
    with pytest.raises(RunError, match="--size 16: too small for this net"):
        build_net(NETS["deep"], size=16)


def test_dropout_is_the_nets_own_unless_the_recipe_sets_it() -> None:
    rates = [layer.rate for layer in NETS["batchnorm-elu"] if isinstance(layer, Dropout)]
    assert rates == [0.2, 0.3, 0.4]
    own, set_by_recipe = (build_net(NETS["batchnorm-elu"], dropout=dropout) for dropout in (None, 0.1))
    assert [module.p for module in own if isinstance(module, torch.nn.Dropout)] == rates
    assert [module.p for module in set_by_recipe if isinstance(module, torch.nn.Dropout)] == [0.1] * 3


def test_pooling_before_relu_changes_no_bit() -> None:
    torch.manual_seed(0)
    net = build_net(NETS["nano"])
    in_order = list(net)
    pools = [i for i, module in enumerate(in_order) if isinstance(module, torch.nn.MaxPool2d)]
    assert pools
    for i in pools:
        assert isinstance(in_order[i + 1], torch.nn.ReLU)
        in_order[i : i + 2] = in_order[i + 1], in_order[i]
    pixels = torch.randint(0, 256, (4, 32, 32, 4), dtype=torch.uint8)

    def logits_and_gradients(net: torch.nn.Sequential) -> list[torch.Tensor]:
        net.train().zero_grad()
        logits = net(pixels)
        logits.square().sum().backward()
        return [logits.detach(), *(parameter.grad.clone() for parameter in net.parameters())]

    built, ordered = logits_and_gradients(net), logits_and_gradients(torch.nn.Sequential(*in_order))
    assert all(torch.equal(one, other) for one, other in zip(built, ordered, strict=True))


def test_pixels_are_normalized_to_mean_128_and_deviation_64() -> None:
    pixels = torch.tensor([0, 128, 192, 255], dtype=torch.uint8).reshape(1, 1, 1, 4)
    assert Normalize(Pixels())(pixels).flatten().tolist() == [-2.0, 0.0, 1.0]  # the fourth channel is X


def test_pixels_are_normalized_by_the_mean_and_deviation_of_each_channel() -> None:
    pixels = torch.tensor([10, 20, 30, 255], dtype=torch.uint8).reshape(1, 1, 1, 4)
    assert Normalize(Pixels(mean=(9, 22, 30), std=(2, 4, 8)))(pixels).flatten().tolist() == [0.5, -0.5, 0.0]
    assert not Normalize(Pixels()).state_dict()  # weights of earlier versions have none of it


def test_relu6_is_torchs_and_keeps_only_what_the_next_layer_keeps() -> None:
    value = torch.tensor([-1.0, 0.0, 1e-30, 3.0, 5.99, 6.0, 9.0])
    results = []
    for module in (ReLU6(), torch.nn.ReLU6()):
        entering, kept = value.clone().requires_grad_(), list[torch.Tensor]()
        with torch.autograd.graph.saved_tensors_hooks(lambda it, kept=kept: (kept.append(it), it)[1], lambda it: it):
            cut = module(entering)
        cut.backward(torch.arange(1.0, 8.0))
        results.append((cut.detach(), entering.grad))
        assert torch.equal(kept[0], cut if isinstance(module, ReLU6) else entering)
    assert all(torch.equal(*both) for both in zip(*results, strict=True))


def test_the_x_channel_is_ignored(random_net: torch.nn.Sequential) -> None:
    pixels = torch.randint(0, 256, (2, 32, 32, 4), dtype=torch.uint8)
    other = pixels.clone()
    other[..., 3] = 0
    assert torch.equal(random_net(pixels), random_net(other))


def test_weights_lie_channels_last(random_net: torch.nn.Sequential) -> None:
    convolution = next(module for module in random_net if isinstance(module, torch.nn.Conv2d))
    assert convolution.weight.is_contiguous(memory_format=torch.channels_last)
