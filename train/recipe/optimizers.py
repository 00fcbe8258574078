"""The optimizers by name, each with a peak learning rate that suits it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Optimizer:
    """`lr` is for batches of 128.

    `kept` is how many tensors as large as the weights it keeps, where it has a momentum.
    """

    lr: float
    kept: int = 1


OPTIMIZERS = {
    "sgd": Optimizer(0.15),
    "muon": Optimizer(0.1),
    "adam": Optimizer(0.003, kept=2),
    "adamw": Optimizer(0.003, kept=2),
    "rmsprop": Optimizer(0.0003),
}
