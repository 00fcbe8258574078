"""Somebody else's net as what is exported: its graph brought to the model contract, and the photos of its owner."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from importlib.metadata import version
from math import prod
from pathlib import Path

import numpy as np

from ...edge.data.labelled_images import LabelledImages
from ...edge.errors import ModelError, printable
from ...edge.files.atomic_write import file_sha256
from ...edge.model.card import ModelCard
from ...edge.model.onnx_file import MAX_BYTES
from ...edge.photos.preprocessing import Preprocessing
from ..cleanup.to_contract import to_contract
from ..evidence.plain_path import PathCheck, compare_paths, is_moderate, plain_pixels
from ..foreign.foreign_net import ForeignNet
from ..graph.costs import layer_macs, parameter_count
from .foreign_data import VALIDATION, is_plain, load_foreign_data
from .original import Original
from .source import RECORDED, Source

PLAIN = "no class folders in the data: its photos are taken without labels"
CHECKED = 32  # photos that are read by plain Pillow, too
MOST = 1000  # photos to validate, and as many to test: each is decoded and kept in memory


@dataclass(frozen=True)
class Photos:
    """Which photos prove a net: those of `data`, with `calibration` of them drawn by `seed` to calibrate on."""

    data: str
    calibration: int
    seed: int
    unlabelled: bool = False


def foreign_source(net: ForeignNet, photos: Photos) -> Source:
    """Return a net from elsewhere as what is exported.

    Raises ModelError when its graph can't be brought to the contract, DataError when the photos can't be used.
    """
    _require_small(net)
    read = file_sha256(net.path)
    plain = not photos.unlabelled and is_plain(photos.data)
    model = to_contract(net)
    original = Original(net)
    splits = load_foreign_data(
        photos.data,
        net.labels,
        net.rule.preprocessing,
        calibration=photos.calibration,
        most=MOST,
        seed=photos.seed,
        unlabelled=photos.unlabelled or plain,
    )
    if not splits.labelled:
        splits = splits.answered(original.logits)

    def require_unchanged() -> None:
        if file_sha256(net.path) != read:
            raise ModelError(f"{net.path}: changed while it was exported; export again")

    places = {name: i for i, name in enumerate(splits.test.ids)}  # the page shows no others
    check = _path_check(original, splits.val, splits.val_files, net.rule.preprocessing)
    facts = {
        "original": str(net.path),
        "known_by": dict(net.sources),
        "labelled": splits.labelled,
        "plain_path": asdict(check) if check else None,
    }
    return Source(
        name=str(net.path),
        title=net.name,
        model=model,
        card=_card(net, parameter_count(model), sum(layer_macs(model).values())),
        train=splits.train,
        val=splits.val,
        test=splits.test,
        reference=original.logits,
        require_unchanged=require_unchanged,
        photo_of=lambda _, name: splits.test.images[places[name]],
        facts=facts,
        remarks=(*([PLAIN] if plain else []), *splits.remarks, *([check.describe()] if check else [])),
        labelled=splits.labelled,
        origin=printable(net.path.name),
        files=splits.val_files,
    )


def _require_small(net: ForeignNet) -> None:
    """Raise ModelError for a net whose float file would be larger than any that the runtime reads."""
    needed = 4 * sum(prod(tensor.dims) for tensor in net.model.graph.initializer)
    if needed > MAX_BYTES:
        raise ModelError(
            f"{net.path}: {needed / 1e6:.0f} MB of float32 weights; files of up to {MAX_BYTES / 1e6:.0f} MB are read "
            "on devices, so take a smaller net"
        )


def _path_check(
    original: Original, images: LabelledImages, files: Sequence[Path], to: Preprocessing
) -> PathCheck | None:
    """Compare our photo path with plain Pillow's on some photos; None where they are no files."""
    chosen = [i for i, path in enumerate(files) if is_moderate(path, to)][:CHECKED]
    if not chosen:
        return None
    ours = images.take(np.array(chosen))
    plain = replace(ours, images=np.stack([plain_pixels(files[i], to) for i in chosen]))
    return compare_paths(plain.images[:], ours.images[:], original.logits(plain), original.logits(ours))


def _card(net: ForeignNet, parameters: int, macs: int) -> ModelCard:
    return ModelCard(
        net=net.name,
        labels=net.labels,
        size=net.rule.preprocessing.size,
        resize=net.rule.preprocessing.rule,
        precision="fp32",
        parameters=parameters,
        macs=macs,
        accuracy={},
        trained_on={"name": "elsewhere", "file": printable(net.path.name), "pixels": net.rule.describe()},
        validation=dict(VALIDATION),
        versions={name: version(name) for name in RECORDED},
        weights_sha256=net.sha256,
    )
