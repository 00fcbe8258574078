"""What training makes small: cross-entropy with the labels, and with a teacher's answers where there is one."""

from collections.abc import Callable, Sequence
from hashlib import blake2b
from typing import TypeAlias

import torch
import torch.nn.functional as F  # noqa: N812, PyTorch's own name for it

from .recipe import Recipe

Teacher: TypeAlias = Callable[[torch.Tensor], torch.Tensor]


class Loss:
    """The loss of a recipe, as a sum over the images of a batch, in nats.

    `class_weights` is float32 (classes,); `teacher` maps uint8 pixels (B, S, S, C) to float32 logits (B, classes).
    """

    def __init__(self, recipe: Recipe, class_weights: torch.Tensor | None = None, teacher: Teacher | None = None):
        self._recipe = recipe
        self._class_weights = class_weights
        self._teacher = teacher

    def __call__(
        self, logits: torch.Tensor, weighted_targets: Sequence[tuple[torch.Tensor, float]], pixels: torch.Tensor
    ) -> torch.Tensor:
        """Return the loss of float32 logits (B, classes) for targets, int64 (B,), each with its share."""
        loss = torch.zeros((), device=logits.device)
        for targets, share in weighted_targets:
            loss = loss + share * F.cross_entropy(
                logits,
                targets,
                weight=self._class_weights,
                label_smoothing=self._recipe.label_smoothing,
                reduction="sum",
            )
        if self._teacher is None:
            return loss
        distill = self._recipe.distill
        return (1 - distill) * loss + distill * self._divergence(logits, pixels, self._teacher)

    def _divergence(self, logits: torch.Tensor, pixels: torch.Tensor, teacher: Teacher) -> torch.Tensor:
        """Return how far the answers are from the teacher's, both softened (Hinton et al. 2015, arXiv:1503.02531)."""
        temperature = self._recipe.distill_temperature
        with torch.no_grad():
            wanted = F.log_softmax(teacher(pixels) / temperature, 1)
        answered = F.log_softmax(logits / temperature, 1)
        return F.kl_div(answered, wanted, reduction="sum", log_target=True) * temperature**2


def looking_twice(teacher: Teacher) -> Teacher:
    """Return the teacher that averages its logits for an image and for its mirror image: it is right more often."""
    return lambda pixels: (teacher(pixels) + teacher(pixels.flip(2))) / 2


class RememberingTeacher:
    """A teacher that is asked once about a batch; shown the very same pixels again, it gives its answer of then.

    Views of the images that come again (`views` of a recipe) so cost a teacher's forward pass only the first time, as
    in dataset reinforcement (Faghri et al. 2023, arXiv:2303.08983). 10 views of 50,000 images are 20 MB for 10 classes.
    """

    def __init__(self, teacher: Teacher):
        self._teacher = teacher
        self._answers: dict[bytes, torch.Tensor] = {}

    def __call__(self, pixels: torch.Tensor) -> torch.Tensor:
        """Return float32 logits (B, classes) of uint8 pixels (B, S, S, C)."""
        batch = blake2b(pixels.cpu().numpy().tobytes(), digest_size=16).digest()
        if batch not in self._answers:
            self._answers[batch] = self._teacher(pixels)
        return self._answers[batch]
