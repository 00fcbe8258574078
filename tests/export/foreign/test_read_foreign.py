import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from edge_cifar.edge.errors import ModelError
from edge_cifar.edge.photos.preprocessing import Preprocessing
from edge_cifar.export.foreign.pixel_rule import PixelRule
from edge_cifar.export.foreign.read_foreign import read_foreign
from edge_cifar.export.foreign.told import Told
from foreign import LETTERS, net, save

TIMM = {
    "crop_pct": 0.9,
    "interpolation": "bicubic",
    "mean": [0.1, 0.2, 0.3],
    "std": [1, 1, 1],
    "input_size": [3, 16, 16],
}
YOLO = {"task": "classify", "names": str(dict(enumerate("wxyz"))), "imgsz": "[12, 12]"}
FREE = ("N", 3, "H", "W")


@pytest.fixture(autouse=True)
def in_the_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def said(**changes: Any) -> Told:
    return replace(Told(labels=Path("letters.txt"), like="imagenet"), **changes)


def beside(folder: Path, **pretrained: Any) -> None:
    config = {"pretrained_cfg": TIMM | pretrained, "label_names": ["k", "l", "m", "n"]}
    (folder / "config.json").write_text(json.dumps(config))


def test_a_net_is_as_its_file_and_its_owner_say(tmp_path: Path) -> None:
    path = save(net(), tmp_path)
    read = read_foreign(path, said())
    assert (read.path, read.name, read.input, read.output, read.labels) == (path, "net", "image", "scores", LETTERS)
    assert read.model == net()
    assert read.rule == PixelRule(
        Preprocessing(8, "crop", "bilinear", 0.875), 1 / 255, (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
    )
    assert read.sources == {
        "labels": "letters.txt",
        "pixels": "--like imagenet",
        "layout": "the file's input",
        "size": "the file's input",
        "resize": "--like imagenet",
    }


def test_all_that_stays_open_is_asked_for_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(ModelError) as raised:
        read_foreign(save(net(image=FREE), tmp_path), Told())
    assert str(raised.value) == (
        f"{tmp_path}/net.onnx: nothing says "
        "how its pixels are scaled (--like imagenet is usual for torchvision and timm), "
        "nor how large its images are (--size 224), nor how a photo becomes a square, "
        "nor what its 4 outputs are called (--labels FILE, one a line)"
    )


@pytest.mark.parametrize(
    ("told", "words"),
    [
        (said(labels=None), r"nothing says what its 4 outputs are called \(--labels FILE"),
        (said(like="tf"), r"nothing says how a photo becomes a square \(--resize crop --crop-share 0.875 is usual, or"),
        (said(like=None, fit="squash"), r"nothing says how its pixels are scaled \(--like imagenet is usual"),
        (said(like=None, fit="crop", mean=(127.0,)), r"pixels from 0 to 255 \(--scale 1, if they are\)$"),
        (said(size=16), "its input is of 8 pixels, not of 16; leave --size out"),
        (said(layout="nhwc"), "leave --layout out"),
        (said(channels="bgr"), "--like imagenet has its mean in the order rgb; say --mean and --std in the order bgr"),
        (said(labels=Path("gone.txt")), "gone.txt: No such file"),
    ],
)
def test_what_stays_open_or_does_not_fit_is_named(told: Told, words: str, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=words):
        read_foreign(save(net(), tmp_path), told)


def test_a_thousand_outputs_are_likely_imagenets(tmp_path: Path) -> None:
    model = net(weight=np.zeros((1000, 3, 1, 1), np.float32), given=("N", 1000))
    with pytest.raises(ModelError, match=r"its 1,000 outputs are called \(--labels imagenet\)"):
        read_foreign(save(model, tmp_path), said(labels=None))


def test_what_is_told_counts_before_a_usual_set(tmp_path: Path) -> None:
    told = said(mean=(0.5,), std=(1.0, 2.0, 3.0), fit="squash", filter="lanczos")
    read = read_foreign(save(net(), tmp_path), told)
    assert read.rule == PixelRule(Preprocessing(8, "squash", "lanczos"), 1 / 255, (0.5, 0.5, 0.5), (1, 2, 3))
    assert read.sources["pixels"] == "--like imagenet, the options"
    assert read.sources["resize"] == "the options"


def test_defaults_are_told(tmp_path: Path) -> None:
    read = read_foreign(save(net(), tmp_path), said(like=None, mean=(0.5,), fit="crop"))
    assert read.rule == PixelRule(Preprocessing(8, "crop", "bilinear"), 1 / 255, (0.5, 0.5, 0.5))
    assert read.sources["defaults"] == "scale 1/255, std 1, channels rgb, filter bilinear, crop share 1"


def test_kerass_layout_and_caffes_channels_are_read(tmp_path: Path) -> None:
    read = read_foreign(save(net(image=("N", 8, 8, 3)), tmp_path), said(like="caffe", fit="squash"))
    assert (read.rule.layout, read.rule.channels, read.rule.scale) == ("nhwc", "bgr", 1)
    assert read.rule.mean == (103.939, 116.779, 123.68)


def test_the_file_counts_before_those_beside_it(tmp_path: Path) -> None:
    beside(tmp_path)
    read = read_foreign(save(net(image=FREE, metadata=YOLO), tmp_path), Told())
    assert read.labels == tuple("wxyz")
    assert read.rule == PixelRule(Preprocessing(12, "crop", "bilinear"))
    assert set(read.sources.values()) == {"the file's Ultralytics metadata", "the file's input"}


def test_files_beside_it_count_where_nothing_is_told(tmp_path: Path) -> None:
    beside(tmp_path)
    path = save(net(image=FREE), tmp_path)
    read = read_foreign(path, Told())
    assert read.labels == ("k", "l", "m", "n")
    assert read.rule == PixelRule(Preprocessing(16, "crop", "bicubic", 0.9), 1 / 255, (0.1, 0.2, 0.3))
    assert read.sources["size"] == read.sources["labels"] == "config.json"
    assert read_foreign(path, Told(size=24)).rule.preprocessing.size == 24


def test_the_input_counts_before_the_size_of_a_file_beside_it(tmp_path: Path) -> None:
    beside(tmp_path)
    assert read_foreign(save(net(), tmp_path), Told()).rule.preprocessing.size == 8


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (
            {"interpolation": "nearest"},
            "config.json says that photos are resized by 'nearest'; choose --filter bilinear",
        ),
        ({"std": [1, 0, 1]}, "config.json: scale and std are above 0"),
        ({"crop_pct": 1.5}, "config.json: crop share 1.5"),
        ({"input_size": [3, 2000, 2000]}, "config.json says 2000 pixels; 1 to 1024"),
    ],
)
def test_what_a_file_says_must_make_sense(changes: dict[str, Any], words: str, tmp_path: Path) -> None:
    beside(tmp_path, **changes)
    with pytest.raises(ModelError, match=words):
        read_foreign(save(net(image=FREE), tmp_path), Told())


def test_labels_of_another_number_of_classes_are_refused(tmp_path: Path) -> None:
    path = save(net(), tmp_path)
    (tmp_path / "three.txt").write_text("a\nb\nc\n")
    with pytest.raises(
        ModelError, match=r"it has 4 outputs, but three\.txt has 3 labels; name the right ones by --labels"
    ):
        read_foreign(path, said(labels=Path("three.txt")))
