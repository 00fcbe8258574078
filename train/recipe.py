"""A recipe: everything that decides what weights come out, defaults stated once, written to every run."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Recipe:
    """How a net is trained. With the same data, seed, thread count and versions it repeats bit for bit on a CPU."""

    net: str = "batchnorm"
    size: int = 32  # pixels, width and height
    epochs: int = 40
    batch_size: int = 128  # images
    lr: float = 0.15  # peak learning rate, for batches of 128
    warmup: float = 0.25  # share of all steps in which the rate rises from nothing; then it falls to nothing
    momentum: float = 0.9  # Nesterov
    clip: float = 1.0  # largest norm of the gradient; without it a short warm-up kills the net
    weight_decay: float = 5e-4  # not on batchnorm, nor on biases
    label_smoothing: float = 0.05
    dropout: float = 0.0
    crop: int = 4  # pixels either way
    flip: bool = True
    cutout: int = 8  # pixels, side of the square; 0: none
    val_fraction: float = 0.1  # of the training images
    seed: int = 0

    def learning_rate(self, progress: float) -> float:
        """Return the rate at `progress` (0 to 1): up, then down, linearly (one cycle; Smith 2018, arXiv:1803.09820)."""
        if progress < self.warmup:
            return self.lr * progress / self.warmup
        return self.lr * (1 - progress) / (1 - self.warmup)
