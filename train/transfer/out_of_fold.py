"""What heads answer to training photos that they were not fitted to, so that none of them knows their labels."""

import numpy as np
import torch

from ...edge.data.labelled_images import LabelledImages
from ...edge.model.contract import Logits
from ...edge.stats.classification import Indices
from ..nets.torch_modules import build_net
from ..recipe.recipe import Recipe
from ..runs.initial_weights import load_weights, needed_images
from .features import PLAIN, FeatureMaker
from .fit_head import Examples, fit_head

FOLDS = 5


def out_of_fold_logits(
    recipe: Recipe, train: LabelledImages, device: torch.device, dtype: torch.dtype | None
) -> Logits:
    """Return float32 logits (N, classes) of `train`, each image's by a head fitted to the other `FOLDS` - 1 parts.

    On the features that the first stage has left in the cache, of the net as it was before it learned from these
    images; how much weight decay suits is seen on the part that is answered. Raises RunError as `load_weights` does.
    """
    features = _features(recipe, train, device, dtype).to(device)
    targets, part = torch.from_numpy(train.targets).to(device), torch.from_numpy(folds(train.targets)).to(device)
    logits = torch.empty(len(train), len(train.labels), device=device)
    for fold in range(FOLDS):
        here = part == fold
        if here.any():
            held_out = Examples(features[here], targets[here])
            others = Examples(features[~here], targets[~here])
            head = fit_head(others, held_out, len(train.labels), None, 0.0)
            logits[here] = held_out.features @ head.weight.T + head.bias
    return np.asarray(logits.detach().cpu().numpy())


def folds(targets: Indices) -> Indices:
    """Return the part of each image, int64 (N,), 0 to `FOLDS` - 1: each class cut into as many stretches.

    Neighbours stay together, which often show the same thing, and then have the same wrong label.
    """
    part = np.empty(len(targets), dtype=np.int64)
    for target in np.unique(targets):
        own = np.flatnonzero(targets == target)
        part[own] = np.arange(len(own)) * FOLDS // len(own)
    return part


def _features(recipe: Recipe, train: LabelledImages, device: torch.device, dtype: torch.dtype | None) -> torch.Tensor:
    """Return float32 (N, features) of the images by the weights that training starts from."""
    net = build_net(recipe.layers, size=recipe.size, classes=len(train.labels), dropout=recipe.dropout).to(device)
    first = torch.from_numpy(train.images[: needed_images(recipe.size)][..., :3].copy()).to(device)
    load_weights(net, recipe.init, train.labels, first)
    return FeatureMaker(net, train, device, dtype).features(PLAIN, 0, 0, lambda: None)
