"""Whether exported files compute what the trained net computes, measured by running them."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import nn

from ..edge.errors import ModelError
from ..edge.evaluate import batch_logits
from ..edge.labelled import LabelledImages
from ..edge.model import Logits, Model

TOLERANCE = 1e-3  # largest logit difference allowed between torch and the fp32 file
BATCH = 256  # images


@dataclass(frozen=True)
class Check:
    """A file against the torch net on the same images: logits' largest difference, accuracies (0 to 1), bytes."""

    file: str
    bytes: int
    largest_logit_difference: float
    val_accuracy: float
    test_accuracy: float
    same_answers: float


def torch_logits(net: nn.Module, images: LabelledImages) -> Logits:
    """Return float32 logits (N, classes) of the torch net on the CPU."""
    with torch.inference_mode():
        parts = torch.from_numpy(images.images).split(BATCH)  # type: ignore[no-untyped-call]
        return np.concatenate([net(part).numpy() for part in parts])


def check_file(path: Path, expected: Logits, val: LabelledImages, test: LabelledImages) -> Check:
    """Run a file on both splits; `expected` holds the torch net's logits (N, classes) of `val`."""
    model = Model(path)
    logits = batch_logits(model, val)
    return Check(
        file=path.name,
        bytes=path.stat().st_size,
        largest_logit_difference=float(np.abs(logits - expected).max()),
        val_accuracy=float((logits.argmax(1) == val.targets).mean()),
        test_accuracy=float((batch_logits(model, test).argmax(1) == test.targets).mean()),
        same_answers=float((logits.argmax(1) == expected.argmax(1)).mean()),
    )


def require_parity(check: Check) -> None:
    """Raise ModelError when the fp32 file differs from the torch net by more than `TOLERANCE`."""
    if not check.largest_logit_difference <= TOLERANCE:
        raise ModelError(
            f"{check.file}: logits differ from the trained net's by {check.largest_logit_difference:.2g}, "
            f"more than {TOLERANCE}; the file was not kept, please report this"
        )
