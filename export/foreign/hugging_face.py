"""What lies beside ONNX files from the Hugging Face Hub: `preprocessor_config.json`, `config.json` of either kind.

Formulas: transformers, `image_processing_*.py` of ViT, ConvNeXt, EfficientNet and MobileViT; timm,
`data/transforms_factory.py`, `transforms_imagenet_eval`.
"""

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ...edge.errors import ModelError
from ...edge.model.strict_json import MAX_CHARACTERS, strict_json
from ...edge.photos.preprocessing import Fit
from .facts import Facts
from .labels import Labels, labels_of
from .pixel_rule import Triple

FILTERS = {0: "nearest", 1: "lanczos", 2: "bilinear", 3: "bicubic", 4: "box", 5: "hamming"}
"""By the numbers of Pillow's `Resampling`."""
CONVNEXT_WHOLE = 384  # pixels, from which on ConvNeXT's processor takes the whole photo

Config = Mapping[str, Any]


def facts_beside(path: Path) -> list[Facts]:
    """Return what the files beside an ONNX file say of it, and those above a folder `onnx/`, as the Hub keeps them.

    Raises ModelError, naming the file, for one that is damaged.
    """
    folders = [path.parent, *([path.absolute().parent.parent] if path.absolute().parent.name == "onnx" else [])]
    found = []
    for name, read in (("preprocessor_config.json", preprocessor_facts), ("config.json", config_facts)):
        for file in (folder / name for folder in folders):
            if file.is_file():
                found.append(_read(file, read))
    return found


def _read(file: Path, read: Any) -> Facts:
    try:
        if file.stat().st_size > MAX_CHARACTERS:
            raise ValueError("too large")
        config = strict_json(file.read_text(encoding="utf-8"))
        if not isinstance(config, dict):
            raise ValueError("no object")
        facts: Facts = read(config, file.name)
    except OSError as error:
        raise ModelError(f"{file}: {error.strerror or error}") from error
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise ModelError(f"{file}: damaged ({str(error)[:100]}); correct it, or move the model elsewhere") from error
    return facts


def preprocessor_facts(config: Config, source: str) -> Facts:
    """Return what a `preprocessor_config.json` of transformers says of pixels. Raises ValueError or TypeError."""
    if "image_mean" not in config and "do_rescale" not in config:
        return Facts(source)  # of sounds or text
    scale = _number(config.get("rescale_factor", 1 / 255)) if config.get("do_rescale", True) else 1.0
    mean, std = (0.0, 0.0, 0.0), (1.0, 1.0, 1.0)
    if config.get("do_normalize", True):
        mean, std = _triple(config["image_mean"]), _triple(config["image_std"])
    if config.get("rescale_offset"):  # EfficientNet: pixels from -1 to 1
        mean = _map(mean, lambda value: value + 1)
    if config.get("include_top"):  # EfficientNet: divided by its deviation twice
        std = _map(std, lambda value: value**2)
    size, fit, share = _framing(config)
    return Facts(
        source,
        size=size,
        scale=scale,
        mean=mean,
        std=std,
        channels="bgr" if config.get("do_flip_channel_order") else "rgb",
        fit=fit,
        filter=FILTERS.get(config.get("resample", -1)),
        crop_share=share,
    )


def config_facts(config: Config, source: str) -> Facts:
    """Return what a `config.json` of transformers or timm says. Raises ValueError or TypeError."""
    timm = config.get("pretrained_cfg")
    if not isinstance(timm, dict):
        return Facts(source, labels=labels_of(config) if "id2label" in config else None)
    sides = timm.get("input_size", [3])[1:]
    fit: Fit | None = None
    if timm.get("crop_mode", "center") in ("center", ""):
        fit = "crop"
    elif timm["crop_mode"] == "squash" and timm.get("crop_pct", 1) == 1:
        fit = "squash"
    return Facts(
        source,
        labels=_timm_labels(config),
        size=_whole(sides[0]) if len(sides) == 2 and sides[0] == sides[1] else None,
        scale=1 / 255,
        mean=_triple(timm["mean"]),
        std=_triple(timm["std"]),
        channels="rgb",
        fit=fit,
        filter=timm.get("interpolation"),
        crop_share=_number(timm.get("crop_pct", 0.875)) if fit == "crop" else None,
    )


def _framing(config: Config) -> tuple[int | None, Fit | None, float | None]:
    """Return the size, how a photo becomes a square of it, and the share of its shorter side; None where not clear."""
    width, height, shorter = _sides(config.get("size"))
    cropped = bool(config.get("do_center_crop"))
    if width != height or not config.get("do_resize", True):
        return None, None, None
    if "crop_pct" in config and (shorter or width):  # ConvNeXT, whose older files have one number
        size, share = shorter or width, _number(config["crop_pct"])
        return (size, "crop", share) if size and size < CONVNEXT_WHOLE else (size, "squash", None)
    if cropped:
        side, other, _ = _sides(config.get("crop_size"))
        edge = shorter or (width if isinstance(config.get("size"), int) else None)
        if side is None or side != other:
            return None, None, None
        return (side, "crop", side / edge) if edge and side <= edge else (side, None, None)
    return width, "squash" if width else None, None


def _sides(size: Any) -> tuple[int | None, int | None, int | None]:
    """Return width, height and shorter side, of which one or two are said."""
    if isinstance(size, dict):
        width, height, shorter = (size.get(name) for name in ("width", "height", "shortest_edge"))
        return _whole(width), _whole(height), _whole(shorter)
    return _whole(size), _whole(size), None


def _timm_labels(config: Config) -> Labels | None:
    names = config.get("label_names")
    words = config.get("label_descriptions")
    if isinstance(names, list) and isinstance(words, dict) and all(isinstance(name, str) for name in names):
        names = [words.get(name, name) for name in names]
    return labels_of(names) if isinstance(names, list) else labels_of(config) if "id2label" in config else None


def _map(numbers: Triple, function: Any) -> Triple:
    return function(numbers[0]), function(numbers[1]), function(numbers[2])


def _triple(value: Any) -> Triple:
    first, second, third = value if isinstance(value, list) else [value] * 3
    return _number(first), _number(second), _number(third)


def _number(value: Any) -> float:
    if type(value) not in (int, float) or not math.isfinite(value):
        raise ValueError(f"{value!r} is no number")
    return float(value)


def _whole(value: Any) -> int | None:
    if value is not None and type(value) is not int:
        raise ValueError(f"{value!r} is no number of pixels")
    return value
