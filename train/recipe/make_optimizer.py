"""Optimizers made by their name, for the parameters of a net."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeAlias

import torch
from torch import nn

from .muon import Muon

Make: TypeAlias = Callable[[Iterable[dict[str, Any]], float, float], torch.optim.Optimizer]

MAKE: Mapping[str, Make] = {
    "sgd": lambda groups, lr, momentum: torch.optim.SGD(groups, lr, momentum, nesterov=momentum > 0),
    "muon": lambda groups, lr, momentum: Muon(groups, lr, momentum, nesterov=momentum > 0),
    "adam": lambda groups, lr, _: torch.optim.Adam(groups, lr),
    "adamw": lambda groups, lr, _: torch.optim.AdamW(groups, lr),
    "rmsprop": lambda groups, lr, momentum: torch.optim.RMSprop(groups, lr, momentum=momentum),
}
"""By the names of `OPTIMIZERS`; each takes parameter groups, a learning rate and a momentum."""


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
    return MAKE[name](groups, lr, momentum)
