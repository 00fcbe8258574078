"""What a trained net itself answers, in torch: what its exported file is compared with."""

import numpy as np
import torch
from torch import nn

from ...edge.data.labelled_images import LabelledImages
from ...edge.model.contract import Logits

BATCH = 256  # images


def torch_logits(net: nn.Module, images: LabelledImages) -> Logits:
    """Return float32 logits (N, classes) of the torch net on the CPU."""
    with torch.inference_mode():
        return np.concatenate([net(part).numpy() for part in torch.split(torch.from_numpy(images.images), BATCH)])
