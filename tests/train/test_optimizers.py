import pytest
import torch
from edge_cifar.train.optimizers import OPTIMIZERS, make_optimizer


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_every_optimizer_goes_downhill_at_its_own_rate(name: str) -> None:
    torch.manual_seed(0)
    net = torch.nn.Linear(4, 1)
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
    net = torch.nn.Sequential(torch.nn.Conv2d(3, 4, 3), torch.nn.BatchNorm2d(4))
    optimizer = make_optimizer("sgd", net, lr=0.1, momentum=0.9, weight_decay=0.01)
    decayed, spared = optimizer.param_groups
    assert [p.dim() for p in decayed["params"]] == [4]
    assert decayed["weight_decay"] == 0.01
    assert [p.dim() for p in spared["params"]] == [1, 1, 1]
    assert spared["weight_decay"] == 0
