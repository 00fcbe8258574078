"""Quantization-aware fine-tuning: a few epochs in which the net feels the rounding and learns to live with it.

Weights and activations are rounded in the forward pass and passed through in the backward pass (Jacob et al. 2018,
arXiv:1712.05877); what is learned is the float net's own logits, so no labels are needed.
"""

import copy
from collections.abc import Iterator, Mapping

import onnx
import torch
import torch.nn.functional as F  # noqa: N812, PyTorch's own name for it
from onnx import numpy_helper
from torch import nn
from torch.func import functional_call

from ...edge.data.labelled_images import LabelledImages
from ...train.nets.layers import Layer
from ...train.nets.torch_modules import Product, Sum
from ...train.recipe.augment_batch import augment
from ...train.recipe.augmentation import Augmentation
from ..graph.net_graph import build_graph
from ..proof.saturation import weight_scales
from .calibration import Range
from .quantize import quantize

BATCH = 128  # images at most
LARGEST_PIXELS = BATCH * 64 * 64  # of a batch: of larger images fewer fit into memory
LEARNING_RATE = 0.01  # at the start; it falls to nothing linearly
MOMENTUM = 0.9
WEIGHTED = ("Conv", "Gemm")
AUGMENTATION = Augmentation(crop=2, flip=True)


def fine_tune(
    layers: tuple[Layer, ...],
    net: nn.Sequential,
    float_model: onnx.ModelProto,
    ranges: Mapping[str, Range],
    images: LabelledImages,
    epochs: int,
    portable: bool = True,
) -> onnx.ModelProto:
    """Return a float model to be quantized with `ranges`, tuned on training images for `epochs` on the CPU.

    `net` is the trained module of `layers`, `float_model` what `build_graph` made of it; `portable` as for `quantize`.
    """
    torch.manual_seed(0)
    generator = torch.Generator().manual_seed(0)
    tuned = fold_batchnorm(net)
    rounded = _Rounded(tuned, input_ranges(float_model, quantize(float_model, ranges, portable=portable)), portable)
    optimizer = torch.optim.SGD(tuned.parameters(), lr=LEARNING_RATE, momentum=MOMENTUM)
    size = images.images.shape[1]
    batch_size = max(2, min(BATCH, LARGEST_PIXELS // size**2))
    steps = epochs * -(-len(images) // batch_size)
    done = 0
    for _ in range(epochs):
        for chosen in torch.split(torch.randperm(len(images), generator=generator), batch_size):
            pixels = torch.from_numpy(images.images[chosen.numpy()])
            batch = augment(pixels, torch.arange(len(pixels)), generator, AUGMENTATION)
            with torch.no_grad():
                wanted = net(batch)
            optimizer.param_groups[0]["lr"] = LEARNING_RATE * (1 - done / steps)
            F.mse_loss(rounded.logits(batch), wanted).backward()  # type: ignore[no-untyped-call]
            nn.utils.clip_grad_norm_(tuned.parameters(), 1.0)
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
            done += 1
    return build_graph(layers, tuned, size)


def fold_batchnorm(net: nn.Sequential) -> nn.Sequential:
    """Return a copy in which every batchnorm right behind a convolution is folded into it, and does nothing itself."""
    folded = copy.deepcopy(net).eval()
    for part in folded.modules():
        if isinstance(part, nn.Sequential):
            for i in range(1, len(part)):
                before, norm = part[i - 1], part[i]
                if isinstance(norm, nn.BatchNorm2d) and isinstance(before, nn.Conv2d):
                    part[i - 1] = torch.nn.utils.fusion.fuse_conv_bn_eval(before, norm)
                    part[i] = nn.Identity()
    return folded.requires_grad_(True)


class _Rounded:
    """A folded net with its weights, and what enters its weighted layers, rounded as the int8 file will round them."""

    def __init__(self, net: nn.Sequential, input_ranges: list[Range], portable: bool):
        self._net = net
        self._input_ranges = input_ranges
        self._portable = portable

    def logits(self, pixels: torch.Tensor) -> torch.Tensor:
        """Return logits (B, classes) of uint8 pixels (B, S, S, 4)."""
        return self._through(self._net, pixels, iter(self._input_ranges))

    def _through(self, modules: nn.Sequential, value: torch.Tensor, ranges: Iterator[Range]) -> torch.Tensor:
        for module in modules:
            if isinstance(module, nn.Conv2d | nn.Linear):
                weight = _rounded_weight(module.weight, self._portable)
                value = functional_call(module, {"weight": weight}, _rounded(value, next(ranges)))
            elif isinstance(module, Sum):
                value = self._through(module.body, value, ranges) + self._through(module.shortcut, value, ranges)
            elif isinstance(module, Product):
                value = value * self._through(module.body, value, ranges)
            else:
                value = module(value)
        return value


def _rounded(value: torch.Tensor, within: Range) -> torch.Tensor:
    low, high = min(within[0], 0.0), max(within[1], 0.0)  # zero is always a level of its own
    scale = max(high - low, 1e-6) / 255
    return torch.fake_quantize_per_tensor_affine(value, scale, round(-low / scale), 0, 255)


def _rounded_weight(weight: torch.Tensor, portable: bool) -> torch.Tensor:
    scales = torch.from_numpy(weight_scales(weight.detach().numpy(), portable))
    zero_points = torch.zeros(len(scales), dtype=torch.int32)
    return torch.fake_quantize_per_channel_affine(weight, scales, zero_points, 0, -127, 127)


def input_ranges(model: onnx.ModelProto, quantized: onnx.ModelProto) -> list[Range]:
    """Return what uint8 spans of what enters each weighted layer of a float model, as its int8 model has it."""
    tensors = {tensor.name: tensor for tensor in quantized.graph.initializer}
    makers = {node.output[0]: node for node in quantized.graph.node}
    entering = {node.name: makers[node.input[0]] for node in quantized.graph.node if node.op_type in WEIGHTED}
    found = []
    for layer in [node.name for node in model.graph.node if node.op_type in WEIGHTED]:
        scale, zero_point = (numpy_helper.to_array(tensors[name]).item() for name in entering[layer].input[1:3])
        found.append((-zero_point * scale, (255 - zero_point) * scale))
    return found
