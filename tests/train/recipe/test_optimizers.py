import pytest
import torch
from edge_cifar.train.recipe.make_optimizer import MAKE, make_optimizer
from edge_cifar.train.recipe.optimizers import OPTIMIZERS


def test_every_optimizer_that_can_be_named_can_be_made() -> None:
    assert list(MAKE) == list(OPTIMIZERS)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_every_optimizer_goes_downhill_at_its_own_rate(name: str) -> None:
    torch.manual_seed(0)
    net = torch.nn.Sequential(torch.nn.Linear(4, 1))
    inputs = torch.randn(64, 4)
    targets = inputs.sum(1, keepdim=True)
    optimizer = make_optimizer(name, net, lr=OPTIMIZERS[name].lr, momentum=0.9, weight_decay=0.0)
    losses = []
    for _ in range(100):
        loss = (net(inputs) - targets).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < 0.95 * losses[0]


def test_weight_decay_spares_biases_and_batchnorm() -> None:
    net = torch.nn.Sequential(torch.nn.Conv2d(3, 4, 3), torch.nn.BatchNorm2d(4), torch.nn.Linear(4, 2))
    optimizer = make_optimizer("sgd", net, lr=0.1, momentum=0.9, weight_decay=0.01)
    decayed, spared, head = optimizer.param_groups
    assert [p.dim() for p in (*decayed["params"], *head["params"])] == [4, 2]
    assert decayed["weight_decay"] == head["weight_decay"] == 0.01
    assert [p.dim() for p in spared["params"]] == [1, 1, 1, 1]
    assert spared["weight_decay"] == 0


def test_a_head_at_a_share_of_the_rate_is_a_head_whose_logits_are_scaled() -> None:
    """Of sgd: weights scaled by s, at s squared of the rate, move as those of a head times s do."""
    scale, inputs, targets = 1 / 9, torch.randn(64, 4), torch.randint(0, 2, (64,))
    slow, scaled = (torch.nn.Sequential(torch.nn.Linear(4, 2, bias=False)) for _ in range(2))
    with torch.no_grad():
        slow[0].weight.copy_(scaled[0].weight * scale)
    for net, factor, head_lr in ((slow, 1.0, scale**2), (scaled, scale, 1.0)):
        optimizer = make_optimizer("sgd", net, lr=0.5, momentum=0.9, weight_decay=0.01, head_lr=head_lr)
        for _ in range(10):
            for group in optimizer.param_groups:
                group["lr"] = 0.5 * group["share"]
            optimizer.zero_grad()
            torch.nn.functional.cross_entropy(factor * net(inputs), targets).backward()
            optimizer.step()
    assert torch.allclose(slow[0].weight, scaled[0].weight * scale, atol=1e-6)


def test_layers_learn_the_more_slowly_the_further_in_front_they_lie() -> None:
    block = torch.nn.Sequential(torch.nn.Conv2d(4, 4, 1), torch.nn.Conv2d(4, 4, 1))
    net = torch.nn.Sequential(torch.nn.Conv2d(3, 4, 3), torch.nn.BatchNorm2d(4), block, torch.nn.Linear(4, 2))
    optimizer = make_optimizer("sgd", net, 0.1, 0.9, 0.01, head_lr=0.5, layer_decay=0.8)
    shares = {p: group["share"] for group in optimizer.param_groups for p in group["params"]}
    assert shares.keys() == set(net.parameters())
    assert [shares[p] for p in net.parameters()] == pytest.approx([0.8**3] * 4 + [0.8] * 4 + [0.5, 1.0])


def test_what_is_frozen_is_none_of_an_optimizers_business() -> None:
    net = torch.nn.Sequential(torch.nn.Conv2d(3, 4, 3), torch.nn.Linear(4, 2))
    net[0].requires_grad_(False)
    optimizer = make_optimizer("sgd", net, 0.1, 0.9, 0.01)
    assert {p for group in optimizer.param_groups for p in group["params"]} == set(net[1].parameters())
