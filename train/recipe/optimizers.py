"""The optimizers by name, each with a peak learning rate that suits it."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from .muon import Muon


@dataclass(frozen=True)
class Optimizer:
    """`make` takes parameter groups, a learning rate and a momentum; `lr` is for batches of 128.

    `kept` is how many tensors as large as the weights it keeps, where it has a momentum.
    """

    make: Callable[[Iterable[dict[str, Any]], float, float], torch.optim.Optimizer]
    lr: float
    kept: int = 1


OPTIMIZERS: dict[str, Optimizer] = {
    "sgd": Optimizer(lambda groups, lr, momentum: torch.optim.SGD(groups, lr, momentum, nesterov=momentum > 0), 0.15),
    "muon": Optimizer(lambda groups, lr, momentum: Muon(groups, lr, momentum, nesterov=momentum > 0), 0.1),
    "adam": Optimizer(lambda groups, lr, _: torch.optim.Adam(groups, lr), 0.003, kept=2),
    "adamw": Optimizer(lambda groups, lr, _: torch.optim.AdamW(groups, lr), 0.003, kept=2),
    "rmsprop": Optimizer(lambda groups, lr, momentum: torch.optim.RMSprop(groups, lr, momentum=momentum), 0.0003),
}


def make_optimizer(
    name: str, net: nn.Sequential, lr: float, momentum: float, weight_decay: float, head_lr: float = 1.0
) -> torch.optim.Optimizer:
    """Return an optimizer of the net's parameters, `weight_decay` on weights only, not on batchnorm and biases.

    Each group has a "share" of the learning rate: `head_lr` for the weights of the last layer, 1 for all else. What
    decays by a smaller rate decays as fast by a larger weight decay.
    """
    head = net[-1].weight
    weights = [p for p in net.parameters() if p.dim() > 1 and p is not head]
    others = [p for p in net.parameters() if p.dim() <= 1]
    groups = [
        {"params": weights, "weight_decay": weight_decay, "share": 1.0},
        {"params": others, "weight_decay": 0.0, "share": 1.0},
        {"params": [head], "weight_decay": weight_decay / head_lr, "share": head_lr},
    ]
    return OPTIMIZERS[name].make(groups, lr, momentum)
