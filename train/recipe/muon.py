"""Muon: SGD whose steps on convolutions are made orthogonal, so that no direction of a layer lags behind."""

import torch

STEPS = 3  # of Newton and Schulz: nearly orthogonal is enough
# The quintic that lifts small singular values fastest (Jordan 2024, kellerjordan.github.io/posts/muon).
QUINTIC = 3.4445, -4.7750, 2.0315
# An orthogonal step is far longer than a gradient's. Of 0.1, 0.3 and 0.8 this brought `nano` furthest in 8 epochs: to
# 82.5, 84.7 and 82.7 % of 10,000 validation images; SGD brought it to 82.6 % (command in edge/models/README.md).
CONVOLUTION_SHARE = 0.3  # of the learning rate


class Muon(torch.optim.SGD):
    """SGD with Nesterov momentum; a convolution's step is the nearest orthogonal matrix to it, and turns its weights.

    A step is as long as the weights of the layer times `CONVOLUTION_SHARE` times the learning rate, and leaves them as
    long as they were: in front of a batchnorm their length means nothing, and no weight decay is needed to bound it.
    As in airbench's Muon (Jordan 2024, github.com/KellerJordan/cifar10-airbench), but for the length that is kept;
    PyTorch's own takes matrices alone.
    """

    @torch.no_grad()
    def step(self, closure: None = None) -> None:  # type: ignore[override]
        """Take a step along the gradients of all parameters."""
        for group in self.param_groups:
            for weight in group["params"]:
                if weight.dim() == 4 and weight.grad is not None:
                    self._turn(weight, weight.grad, CONVOLUTION_SHARE * group["lr"], group["momentum"])
                    weight.grad = None  # nothing is left for SGD to do
        super().step(closure)

    def _turn(self, weight: torch.Tensor, gradient: torch.Tensor, rate: float, momentum: float) -> None:
        average = self.state[weight].setdefault("momentum_buffer", torch.zeros_like(weight))
        average.mul_(momentum).add_(gradient)
        step = gradient.add(average, alpha=momentum)
        length = weight.norm()
        weight.add_(orthogonal(step.flatten(1)).view_as(weight) * (length / len(weight) ** 0.5), alpha=-rate)
        weight.mul_(length / weight.norm().clamp_min(torch.finfo(weight.dtype).tiny))  # zeros stay zeros


def orthogonal(matrix: torch.Tensor) -> torch.Tensor:
    """Return float (R, C) with the singular vectors of `matrix` and singular values near 1, by Newton and Schulz."""
    a, b, c = QUINTIC
    wide = matrix if len(matrix) <= matrix.shape[1] else matrix.T  # of two Gram matrices the smaller one
    result: torch.Tensor = wide / (wide.norm() + 1e-7)
    for _ in range(STEPS):
        gram = result @ result.T
        result = a * result + (b * gram + c * gram @ gram) @ result
    return result if wide is matrix else result.T
