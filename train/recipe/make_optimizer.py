"""Optimizers made by their name, for the parameters of a net."""

from collections.abc import Callable, Iterable, Mapping
from itertools import accumulate
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
    name: str,
    net: nn.Sequential,
    lr: float,
    momentum: float,
    weight_decay: float,
    head_lr: float = 1.0,
    layer_decay: float = 1.0,
) -> torch.optim.Optimizer:
    """Return an optimizer of what may learn of the net, `weight_decay` on weights only, not on batchnorm and biases.

    Each group has a "share" of the learning rate: `head_lr` for the weights of the last layer; for all in front of it
    `layer_decay` to the power of how many layers with weights lie behind. What decays by a smaller `head_lr` decays as
    fast by a larger weight decay; the first layers, which shall stay near to where they start, more slowly.
    """
    head = net[-1].weight
    learning: dict[float, list[nn.Parameter]] = {}
    for module, share in zip(net, _shares(net, layer_decay), strict=True):
        learning.setdefault(share, []).extend(p for p in module.parameters() if p.requires_grad and p is not head)
    groups = []
    for share, parameters in learning.items():
        weights, others = [p for p in parameters if p.dim() > 1], [p for p in parameters if p.dim() <= 1]
        groups.append({"params": weights, "weight_decay": weight_decay, "share": share})
        groups.append({"params": others, "weight_decay": 0.0, "share": share})
    groups.append({"params": [head], "weight_decay": weight_decay / head_lr, "share": head_lr})
    return MAKE[name](groups, lr, momentum)


def _shares(net: nn.Sequential, layer_decay: float) -> list[float]:
    """Return the share of the learning rate of each module; batchnorm learns as the layer it belongs to."""
    counts = [sum(isinstance(part, nn.Conv2d | nn.Linear) for part in module.modules()) for module in net]
    behind = [sum(counts) - so_far for so_far in accumulate(counts)]
    return [layer_decay**count for count in behind]
