"""The last layer of a net, fitted to features: multinomial logistic regression with the weight decay that suits."""

import math
from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import torch
import torch.nn.functional as F  # noqa: N812, PyTorch's own name for it
from torch import nn

from ...edge.errors import RunError

# Strengths of weight decay, of features whose deviation is 1 on average, from strong to weak: each fit begins where the
# one before ended, and the first that does worse on validation photos is the last.
DECAYS = (1.0, 0.3, 0.1, 0.03, 0.01, 0.003, 0.001, 0.0003, 0.0001, 0.00003, 0.00001)
EVALUATIONS = 20, 100  # of loss and gradient, for each of them: so many may always be, and so many at the most
WORK = 2 * 10**11  # multiply-accumulates of the way there, for each of them, that more than the first may take
SMALLEST = 1e-6  # deviation of features that say nothing


class Examples(NamedTuple):
    """Features, float32 (N, F), and the classes they are of, int64 (N,)."""

    features: torch.Tensor
    targets: torch.Tensor


class Head(NamedTuple):
    """A linear layer, weight (classes, F) and bias (classes,), and the weight decay that it was fitted with."""

    weight: torch.Tensor
    bias: torch.Tensor
    decay: float

    @torch.no_grad()
    def give_to(self, net: nn.Sequential) -> None:
        """Make it the last layer of `net`."""
        layer = net[-1]
        assert isinstance(layer, nn.Linear)
        layer.weight.copy_(self.weight)
        layer.bias.copy_(self.bias)


def fit_head(
    train: Examples, val: Examples, classes: int, class_weights: torch.Tensor | None, label_smoothing: float
) -> Head:
    """Return the linear layer of least cross-entropy on `train`, its decay the one of `DECAYS` that is best on `val`.

    Best is the lowest cross-entropy: of few photos the accuracy is drawn by lot. By L-BFGS with Wolfe's conditions
    (Nocedal and Wright 2006, algorithms 3.5 and 7.5) over all photos at once, from 0: the same examples, the same bits.
    Raises RunError for features that are no finite numbers.
    """
    mean, device = train.features.mean(0), train.features.device
    scale = train.features.var(0, correction=0).mean().sqrt().clamp_min(SMALLEST)
    if not (scale.isfinite() and val.features.isfinite().all()):
        raise RunError("features that are no finite numbers: the weights to start from are no good")
    weight = torch.zeros(classes, len(mean), device=device, requires_grad=True)  # of features with mean 0, deviation 1
    bias = torch.zeros(classes, device=device, requires_grad=True)

    def logits(features: torch.Tensor) -> torch.Tensor:
        return features @ (weight / scale).T + (bias - weight @ (mean / scale))

    def loss(decay: float) -> torch.Tensor:
        answers = logits(train.features)
        error = F.cross_entropy(answers, train.targets, class_weights, label_smoothing=label_smoothing)
        return error + decay / 2 * weight.square().sum()

    least, most = EVALUATIONS
    evaluations = min(max(WORK // (train.features.numel() * classes), least), most)
    best, lowest = Head(weight, bias, math.inf), math.inf
    for decay in DECAYS:
        _minimize(partial(loss, decay), [weight, bias], evaluations)
        with torch.no_grad():
            error = float(F.cross_entropy(logits(val.features), val.targets))
            if not error < lowest:
                break
            best, lowest = Head(weight / scale, bias - weight @ (mean / scale), decay), error
    return best


def _minimize(loss: Callable[[], torch.Tensor], parameters: list[torch.Tensor], evaluations: int) -> None:
    """Move the parameters to where the loss is least, as near as so many evaluations come."""
    search = torch.optim.LBFGS(
        parameters,
        max_iter=evaluations,
        max_eval=evaluations,
        tolerance_grad=1e-5,
        tolerance_change=1e-7,
        history_size=10,
        line_search_fn="strong_wolfe",
    )

    def again() -> torch.Tensor:
        search.zero_grad()
        value = loss()
        value.backward()  # type: ignore[no-untyped-call]
        return value

    search.step(again)  # type: ignore[no-untyped-call]
