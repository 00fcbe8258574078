"""What a trained net itself answers, in torch: what its exported file is compared with."""

import numpy as np
import torch
from torch import nn

from ...edge.data.labelled_images import LabelledImages
from ...edge.model.contract import Logits

BATCH = 256  # images at most
LARGEST_PIXELS = 2**20  # of a batch: larger images go in smaller batches


def torch_logits(net: nn.Module, images: LabelledImages) -> Logits:
    """Return float32 logits (N, classes) of the torch net on the CPU."""
    batch = max(1, min(BATCH, LARGEST_PIXELS // images.images.shape[1] ** 2))
    starts = range(0, len(images), batch)
    with torch.inference_mode():
        return np.concatenate([net(torch.from_numpy(images.images[start : start + batch])).numpy() for start in starts])
