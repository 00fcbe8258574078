"""What a trained net itself answers, in torch: what its exported file is compared with."""

import numpy as np
import torch
from torch import nn

from ...edge.data.labelled_images import LabelledImages
from ...edge.model.contract import Logits

BATCH = 256  # images at most
LARGEST_PIXELS = BATCH * 64 * 64  # of a batch: larger images go in smaller batches


def torch_logits(net: nn.Module, images: LabelledImages) -> Logits:
    """Return float32 logits (N, classes) of the torch net on the CPU."""
    pixels = images.images
    batch = max(1, min(BATCH, LARGEST_PIXELS // (pixels.shape[1] * pixels.shape[2])))
    with torch.inference_mode():
        parts = (torch.from_numpy(pixels[start : start + batch]) for start in range(0, len(images), batch))
        return np.concatenate([net(part).numpy() for part in parts])
