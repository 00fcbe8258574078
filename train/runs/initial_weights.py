"""What a training starts from beside chance: the weights of another run or of the shipped model, and a teacher."""

import itertools
import math
from pathlib import Path

import numpy as np
import onnx
import torch
import torch.nn.functional as F  # noqa: N812, PyTorch's own name for it
from onnx import numpy_helper
from torch import nn

from ...edge.data.cifar import CIFAR10_LABELS
from ...edge.errors import RunError
from ...edge.model.contract import Model
from ...edge.model.shipped_models import SHIPPED_FP32, model_file
from ...edge.photos.contract import Pixels
from ..nets.backbones import IMAGENET
from ..nets.catalogue import NETS
from ..nets.identity_init import start_as_identity
from ..nets.torch_modules import Sum, build_net
from ..recipe.loss import Teacher
from .imagenet_weights import load_imagenet
from .run_folder import Run, open_run

SHIPPED_NAME = "shipped"
IDENTITY_NAME = "identity"
MODEL_SUFFIX = ".onnx"
STATISTICS_IMAGES = 1024  # enough to find batchnorm statistics on
STATISTICS_PIXELS = 2**22  # of images above 128 pixels: fewer will do, since each has more places


def needed_images(size: int) -> int:
    """Return how many images of `size` pixels `load_weights` is to be given, the first of the training."""
    return STATISTICS_IMAGES if size <= 128 else STATISTICS_PIXELS // size**2


def load_weights(net: nn.Sequential, init: str, labels: tuple[str, ...], images: torch.Tensor) -> bool:
    """Give `net` the weights of the run folder `init`, those of the "shipped" model or of "imagenet", or "identity".

    Return whether all layers have theirs: the head stays as it is unless classes and size are the same. `images`,
    uint8 (N, S, S, C), serve to find the batchnorm statistics again that the shipped file has folded away, and what to
    whiten. Raises RunError when the nets differ.
    """
    if init == IDENTITY_NAME:
        start_as_identity(net, images)
        return True
    if init == IMAGENET:
        load_imagenet(net)
        return False
    if init == SHIPPED_NAME:
        return _load_shipped(net, labels, images)
    run = open_run(Path(init))
    found, wanted = _state_for(net, run.load_net()), net.state_dict()
    head = tuple(name for name in wanted if name.startswith(f"{len(net) - 1}."))
    keep_head = run.labels == labels and all(found.get(name, wanted[name]).shape == wanted[name].shape for name in head)
    if found.keys() != wanted.keys() or any(
        found[name].shape != wanted[name].shape for name in wanted if name not in head
    ):
        raise RunError(f"--init {init}: another net or size than the one to be trained")
    net.load_state_dict({name: found[name] for name in wanted if keep_head or name not in head}, strict=False)
    return keep_head


def _state_for(net: nn.Sequential, found: nn.Sequential) -> dict[str, torch.Tensor]:
    """Return the tensors of `found` by the names they have in `net`, which may be deeper by residual blocks.

    Such a block keeps its own weights, but its last batchnorm multiplies by zero: it adds nothing at first, and the
    deeper net computes what the other one did (Chen et al. 2016, arXiv:1511.05641; Goyal et al. 2017,
    arXiv:1706.02677, section 5.1).
    """
    ours = {name: module for name, module in net.named_children() if module.state_dict()}
    theirs = [module for module in found if module.state_dict()]
    blocks = {name: module for name, module in ours.items() if isinstance(module, Sum) and not len(module.shortcut)}
    if not blocks or len(ours) - len(blocks) != len(theirs):
        return found.state_dict()
    for block in blocks.values():
        norm = block.body[-1]
        assert isinstance(norm, nn.BatchNorm2d)
        nn.init.zeros_(norm.weight)
    others = [name for name in ours if name not in blocks]
    parts = {**blocks, **dict(zip(others, theirs, strict=True))}
    return {f"{name}.{key}": tensor for name, part in parts.items() for key, tensor in part.state_dict().items()}


def weights_file(source: str) -> Path:
    """Return the file that a run folder, a model or "shipped" takes its weights from. Raises RunError."""
    if source == SHIPPED_NAME:
        return SHIPPED_FP32
    path = model_file(source)
    return path if path.suffix == MODEL_SUFFIX else open_run(path).weights


def teacher_sources(teacher: str) -> list[str]:
    """Return what the option `teacher` names: a path that exists, or such and models of the package between commas."""
    return [teacher] if Path(teacher).exists() else [source.strip() for source in teacher.split(",")]


def load_teacher(
    teacher: str, labels: tuple[str, ...], size: int, device: torch.device, dtype: torch.dtype | None
) -> Teacher:
    """Return runs' nets, or exported models, as one function of uint8 pixels (B, S, S, 3) to float32 logits.

    `teacher` names run folders, files or models of the package, between commas; an int8 file answers faster than its
    run. Several answer with the mean of their logits, which is the geometric mean of what they predict (Hinton et al.
    2015, section 2). Logits are (B, classes). Raises RunError or ModelError when one can't be read or was trained on
    other classes or another size.
    """
    each = [_load_one(source, labels, size, device, dtype) for source in teacher_sources(teacher)]
    return lambda pixels: torch.stack([answer(pixels) for answer in each]).mean(0)


def _load_one(
    source: str, labels: tuple[str, ...], size: int, device: torch.device, dtype: torch.dtype | None
) -> Teacher:
    path = model_file(source)
    if path.suffix == MODEL_SUFFIX:
        model = Model(path, torch.get_num_threads())
        _check_teacher(source, (model.card.labels, model.card.size), (labels, size))
        return lambda pixels: torch.from_numpy(model.logits(_rgbx(pixels))).to(device)
    run: Run = open_run(path)
    _check_teacher(source, (run.labels, run.recipe.size), (labels, size))
    net = run.load_net().to(device)

    def answer(pixels: torch.Tensor) -> torch.Tensor:
        with torch.autocast(device.type, dtype or torch.bfloat16, enabled=dtype is not None):
            logits: torch.Tensor = net(pixels)
        return logits.float()

    return answer


def _check_teacher(source: str, known: tuple[tuple[str, ...], int], wanted: tuple[tuple[str, ...], int]) -> None:
    if known != wanted:
        raise RunError(f"--teacher {source}: was trained on other classes or another size than this run")


def _rgbx(pixels: torch.Tensor) -> Pixels:
    """Return uint8 (B, S, S, 4) of pixels (B, S, S, 3), as the model contract has it."""
    return np.asarray(F.pad(pixels.cpu(), (0, 1), value=255))


@torch.no_grad()
def _load_shipped(net: nn.Sequential, labels: tuple[str, ...], images: torch.Tensor) -> bool:
    """Give `net` the folded convolutions of the shipped file, and batchnorms that undo the folding on `images`.

    Return whether its head is the file's as well.

    A batchnorm with the mean and deviation that its convolution has on the images, as statistics and as parameters,
    changes nothing at first, and learns on as the one that was folded would have.
    """
    if _kinds(net) != _kinds(build_net(NETS["batchnorm"])):
        raise RunError(f"--init {SHIPPED_NAME}: the shipped model is a batchnorm net of width 1; train --net batchnorm")
    *convolutions, (head_weight, head_bias) = _shipped_layers()
    folded = iter(convolutions)
    value: torch.Tensor = images
    for module, following in itertools.pairwise(net):
        if isinstance(module, nn.Conv2d) and isinstance(following, nn.BatchNorm2d):
            weight, bias = next(folded)
            module.weight.copy_(weight[:, : module.in_channels])  # the file's first layer has an X channel
            nn.init.zeros_(module.bias)  # type: ignore[arg-type]
            value = module(value)
            _undo_folding(following, value, bias)
        else:
            value = module.eval()(value)
    head = net[-1]
    assert isinstance(head, nn.Linear)
    keep_head = labels == CIFAR10_LABELS and head.weight.shape == head_weight.shape
    if keep_head:
        channels = len(convolutions[-1][0])
        side = math.isqrt(head_weight.shape[1] // channels)
        by_row = head_weight.reshape(-1, side, side, channels)  # the file is channels last
        head.weight.copy_(by_row.permute(0, 3, 1, 2).reshape(head_weight.shape))
        head.bias.copy_(head_bias)
    return keep_head


def _kinds(net: nn.Sequential) -> list[tuple[type, int]]:
    """Return the type of each module, and how wide convolutions are."""
    return [(type(module), module.out_channels if isinstance(module, nn.Conv2d) else 0) for module in net]


def _shipped_layers() -> list[tuple[torch.Tensor, torch.Tensor]]:
    """Return weight and bias of each layer of the shipped file, in order."""
    graph = onnx.load(SHIPPED_FP32).graph
    tensors = {tensor.name: torch.from_numpy(numpy_helper.to_array(tensor).copy()) for tensor in graph.initializer}
    return [(tensors[node.input[1]], tensors[node.input[2]]) for node in graph.node if node.op_type in ("Conv", "Gemm")]


def _undo_folding(norm: nn.BatchNorm2d, value: torch.Tensor, bias: torch.Tensor) -> None:
    var, mean = torch.var_mean(value, (0, 2, 3), correction=0)
    assert norm.running_mean is not None
    assert norm.running_var is not None
    norm.running_mean.copy_(mean)
    norm.running_var.copy_(var)
    norm.weight.copy_((var + norm.eps).sqrt())
    norm.bias.copy_(mean + bias)
