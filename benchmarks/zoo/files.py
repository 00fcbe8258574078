"""The zoo's files: each net as each exporter writes it, with what the owner of such a file would tell `export`."""

import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import onnx
import torch
from onnx import helper
from torch import nn

from ...edge.files.atomic_write import write_bytes
from ...edge.photos.contract import read_photo
from ...edge.photos.preprocessing import Preprocessing
from ...export.pretrained.pretrained import PRETRAINED
from .keras_file import keras_file
from .nets import TORCHVISION, ULTRALYTICS, build, settle

SIZE, CLASSES = 224, 1000
MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # of ImageNet
EXPORTERS = {"torch, old": False, "torch, new": True}  # whether by dynamo
KERAS = "keras-like"
UNTRAINED = ("--max-drop", "100")  # answers of a net that learned next to nothing lie too close together for a budget
NETS = (*PRETRAINED, *TORCHVISION, KERAS, ULTRALYTICS)


@dataclass(frozen=True)
class ZooFile:
    """What `export` is given: a file or the name of a pretrained net, and options."""

    net: str
    exporter: str
    source: str
    told: tuple[str, ...] = ()


def zoo_files(names: Sequence[str], photos: Sequence[Path], folder: Path) -> Iterator[ZooFile]:
    """Yield the files of the nets called `names`, those made that are not in `folder` yet.

    Torch's nets are trained for some steps on `photos`, whose folders are their classes.
    """
    labels = folder / "labels.txt"
    if not labels.exists():
        write_bytes(labels, "".join(f"class {i}\n" for i in range(CLASSES)).encode())
    named = ("--labels", str(labels), *UNTRAINED)
    for name in names:
        if name in PRETRAINED:
            yield ZooFile(name, "its package", name)
        elif name == KERAS:
            path = folder / f"{name}.onnx"
            if not path.exists():
                write_bytes(path, keras_file(SIZE, CLASSES).SerializeToString())
            yield ZooFile(name, "as tf2onnx", str(path), ("--like", "tf", "--resize", "squash", *named))
        else:
            paths = {exporter: folder / f"{name}.{exporter.split()[-1]}.onnx" for exporter in EXPORTERS}
            missing = {exporter: path for exporter, path in paths.items() if not path.exists()}
            if missing:
                _write_torch(name, photos, missing)
            told = UNTRAINED if name == ULTRALYTICS else ("--like", "imagenet", *named)
            yield from (ZooFile(name, exporter, str(path), told) for exporter, path in paths.items())


def _write_torch(name: str, photos: Sequence[Path], paths: dict[str, Path]) -> None:
    pixels = np.stack([read_photo(photo, Preprocessing(SIZE, "crop", "bilinear", 0.875)) for photo in photos])
    inputs = torch.from_numpy(pixels[..., :3]).permute(0, 3, 1, 2) / 255
    if name != ULTRALYTICS:  # which takes them as they are
        inputs = (inputs - torch.tensor(MEAN)[:, None, None]) / torch.tensor(STD)[:, None, None]
    folders = sorted({photo.parent for photo in photos})
    targets = torch.tensor([folders.index(photo.parent) for photo in photos])
    net = settle(build(name, CLASSES), inputs, targets)
    for exporter, path in paths.items():
        model = export_torch(net, inputs, EXPORTERS[exporter])
        if name == ULTRALYTICS:
            helper.set_model_props(model, _ultralytics_facts())
        write_bytes(path, model.SerializeToString())


def export_torch(net: nn.Module, inputs: torch.Tensor, dynamo: bool) -> onnx.ModelProto:
    """Return `net` as torch's new exporter or its old one writes it, with a free batch."""
    with TemporaryDirectory() as work, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of deprecations: both are what people use
        path, images, input_names, output_names = f"{work}/net.onnx", (inputs[:2],), ["input"], ["output"]
        if dynamo:
            free = ({0: torch.export.Dim("batch")},)
            torch.onnx.export(
                net,
                images,
                path,
                input_names=input_names,
                output_names=output_names,
                dynamo=True,
                dynamic_shapes=free,
                external_data=False,
                verbose=False,
            )
        else:
            axes = {"input": {0: "batch"}, "output": {0: "batch"}}
            torch.onnx.export(
                net, images, path, input_names=input_names, output_names=output_names, dynamo=False, dynamic_axes=axes
            )
        return onnx.load(path)


def _ultralytics_facts() -> dict[str, str]:
    """Return what Ultralytics writes into its files."""
    names = {i: f"class {i}" for i in range(CLASSES)}
    return {"author": "Ultralytics", "task": "classify", "names": str(names), "imgsz": str([SIZE, SIZE])}
