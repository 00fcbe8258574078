import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from edge_cifar.edge.errors import ModelError
from edge_cifar.export.foreign.facts import Facts
from edge_cifar.export.foreign.hugging_face import config_facts, facts_beside, preprocessor_facts

MEAN, STD = [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]
VIT = {
    "do_normalize": True,
    "do_rescale": True,
    "do_resize": True,
    "image_mean": [0.5, 0.5, 0.5],
    "image_processor_type": "ViTImageProcessor",
    "image_std": [0.5, 0.5, 0.5],
    "resample": 2,
    "rescale_factor": 0.00392156862745098,
    "size": {"height": 224, "width": 224},
}
RESNET = VIT | {
    "crop_pct": 0.875,
    "image_mean": MEAN,
    "image_std": STD,
    "resample": 3,
    "size": {"shortest_edge": 224},
}
MOBILENET = VIT | {
    "crop_size": {"height": 224, "width": 224},
    "do_center_crop": True,
    "size": {"shortest_edge": 256},
}
TIMM = {
    "architecture": "resnet18",
    "label_names": ["n01", "n02"],
    "label_descriptions": {"n01": "tench, Tinca tinca"},
    "num_classes": 2,
    "pretrained_cfg": {
        "crop_mode": "center",
        "crop_pct": 0.95,
        "input_size": [3, 224, 224],
        "interpolation": "bicubic",
        "mean": MEAN,
        "std": STD,
    },
}


def framing(facts: Facts) -> tuple[int | None, str | None, str | None, float | None]:
    return facts.size, facts.fit, facts.filter, facts.crop_share


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        (VIT, (224, "squash", "bilinear", None)),
        (VIT | {"size": 384, "resample": 1}, (384, "squash", "lanczos", None)),
        (VIT | {"size": {"height": 224, "width": 160}}, (None, None, "bilinear", None)),
        (VIT | {"do_resize": False, "resample": 0}, (None, None, "nearest", None)),
        (RESNET, (224, "crop", "bicubic", 0.875)),
        (RESNET | {"size": 224}, (224, "crop", "bicubic", 0.875)),
        (RESNET | {"size": {"shortest_edge": 384}}, (384, "squash", "bicubic", None)),
        (MOBILENET, (224, "crop", "bilinear", 0.875)),
        (MOBILENET | {"size": 256, "crop_size": 224}, (224, "crop", "bilinear", 0.875)),
        (MOBILENET | {"size": {"height": 256, "width": 256}}, (224, None, "bilinear", None)),
        (MOBILENET | {"size": {"shortest_edge": 200}}, (224, None, "bilinear", None)),
        (MOBILENET | {"crop_size": {"height": 224, "width": 200}}, (None, None, "bilinear", None)),
        ({key: value for key, value in VIT.items() if key != "resample"}, (224, "squash", None, None)),
    ],
)
def test_photos_are_framed_as_transformers_does(config: Mapping[str, Any], expected: tuple[Any, ...]) -> None:
    assert framing(preprocessor_facts(config, "file")) == expected


@pytest.mark.parametrize(
    ("changes", "scale", "mean", "std", "channels"),
    [
        ({}, 0.00392156862745098, (0.5, 0.5, 0.5), (0.5, 0.5, 0.5), "rgb"),
        ({"do_normalize": False}, 0.00392156862745098, (0, 0, 0), (1, 1, 1), "rgb"),
        ({"do_rescale": False}, 1, (0.5, 0.5, 0.5), (0.5, 0.5, 0.5), "rgb"),
        ({"do_flip_channel_order": True}, 0.00392156862745098, (0.5, 0.5, 0.5), (0.5, 0.5, 0.5), "bgr"),
        ({"rescale_offset": True}, 0.00392156862745098, (1.5, 1.5, 1.5), (0.5, 0.5, 0.5), "rgb"),
        ({"include_top": True}, 0.00392156862745098, (0.5, 0.5, 0.5), (0.25, 0.25, 0.25), "rgb"),
        ({"image_mean": 0.1}, 0.00392156862745098, (0.1, 0.1, 0.1), (0.5, 0.5, 0.5), "rgb"),
    ],
)
def test_pixels_are_scaled_as_transformers_does(
    changes: Mapping[str, Any], scale: float, mean: tuple[float, ...], std: tuple[float, ...], channels: str
) -> None:
    facts = preprocessor_facts(VIT | changes, "file")
    assert (facts.scale, facts.mean, facts.std, facts.channels) == (scale, mean, std, channels)


def test_pixels_are_scaled_to_1_where_nothing_is_said() -> None:
    facts = preprocessor_facts({"image_mean": 0.5, "image_std": 0.5}, "file")  # of feature extractors of 2022
    assert (facts.scale, facts.mean, facts.std) == (1 / 255, (0.5, 0.5, 0.5), (0.5, 0.5, 0.5))


def test_a_preprocessor_of_sounds_says_nothing() -> None:
    assert preprocessor_facts({"sampling_rate": 16000}, "file") == Facts("file")


def test_timm_says_how_it_reads_photos_and_its_labels() -> None:
    facts = config_facts(TIMM, "file")
    assert framing(facts) == (224, "crop", "bicubic", 0.95)
    assert (facts.scale, facts.mean, facts.std) == (1 / 255, tuple(MEAN), tuple(STD))
    assert facts.labels == ("tench, Tinca tinca", "n02")


@pytest.mark.parametrize(
    ("changes", "fit"),
    [
        ({"crop_mode": "squash", "crop_pct": 1.0}, "squash"),
        ({"crop_mode": "squash"}, None),
        ({"crop_mode": "border"}, None),
        ({"crop_mode": ""}, "crop"),
    ],
)
def test_what_can_not_be_framed_like_timm_stays_open(changes: Mapping[str, Any], fit: str | None) -> None:
    facts = config_facts(TIMM | {"pretrained_cfg": TIMM["pretrained_cfg"] | changes}, "file")  # type: ignore[operator]
    assert (facts.fit, facts.crop_share) == (fit, 0.95 if fit == "crop" else None)


def test_transformers_say_their_labels() -> None:
    assert config_facts({"id2label": {"0": "cat", "1": "dog"}}, "file").labels == ("cat", "dog")
    assert config_facts(TIMM | {"label_names": None, "id2label": {"0": "cat"}}, "file").labels == ("cat",)
    assert config_facts({"model_type": "vit", "0": "cat"}, "file") == Facts("file")


def test_files_beside_a_model_are_read_and_those_above_a_folder_onnx(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(json.dumps({"id2label": {"0": "cat"}}))
    assert [facts.source for facts in facts_beside(tmp_path / "net.onnx")] == ["config.json"]
    (tmp_path / "preprocessor_config.json").write_text(json.dumps(VIT))
    sources = [facts.source for facts in facts_beside(tmp_path / "onnx" / "net.onnx")]
    assert sources == ["preprocessor_config.json", "config.json"]
    assert facts_beside(tmp_path / "other" / "net.onnx") == []


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("config.json", "{"),
        ("config.json", "[]"),
        ("config.json", '{"pretrained_cfg": {"mean": [0, 0, 0]}}'),
        ("config.json", '{"pretrained_cfg": {"mean": [0, 0], "std": 1}}'),
        ("config.json", '{"pretrained_cfg": {"mean": 0, "std": 1, "input_size": 3}}'),
        ("config.json", '{"pretrained_cfg": {"mean": 0, "std": true}}'),
        ("preprocessor_config.json", '{"image_mean": [0, 0, "0"], "image_std": 1}'),
        ("preprocessor_config.json", '{"image_mean": 0}'),
        ("preprocessor_config.json", '{"image_mean": 0, "image_std": 1, "size": "large"}'),
        ("preprocessor_config.json", '{"image_mean": 0, "image_std": 1, "size": {"shortest_edge": 1.5}}'),
        ("preprocessor_config.json", '{"image_mean": 0, "image_std": 1, "resample": []}'),
        ("preprocessor_config.json", '{"do_rescale": true, "rescale_factor": NaN}'),
        ("preprocessor_config.json", '{"do_rescale": true, "do_normalize": false, "rescale_factor": null}'),
    ],
)
def test_a_damaged_file_is_named(name: str, content: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(content)
    with pytest.raises(ModelError, match=f"{name}: damaged .*; correct it, or move"):
        facts_beside(tmp_path / "net.onnx")
