import json
from pathlib import Path
from typing import Any

import pytest
from edge_cifar.edge.errors import ModelError
from edge_cifar.export.foreign.labels import IMAGENET, checked_labels, read_labels

PETS = ("cat", "hot dog")
PATH = Path("net.onnx")


@pytest.mark.parametrize(
    "text",
    [
        "cat\nhot dog",
        "cat\r\n hot dog \r\n\n",
        "\ufeffcat\nhot dog\n",
        json.dumps(PETS),
        json.dumps({"1": "hot dog", "0": "cat"}),
        json.dumps({"id2label": {"0": "cat", "1": "hot dog"}, "model_type": "vit"}),
        json.dumps({"0": ["n02", "cat"], "1": ["n07", "hot dog"]}),
        json.dumps({"hot dog": 1, "cat": 0}),
        json.dumps({"label2id": {"cat": 0, "hot dog": 1}}),
    ],
)
def test_labels_are_read_as_people_write_them(text: str, tmp_path: Path) -> None:
    (tmp_path / "labels").write_text(text, encoding="utf-8", newline="")
    assert read_labels(tmp_path / "labels", 2) == PETS


@pytest.mark.parametrize(
    "value",
    [{"0": "cat", "2": "dog"}, {"cat": 1}, {"cat": 0, "dog": 0}, {"cat": True}, {}, [], [1, 2], [[]], {"0": None}],
)
def test_json_without_labels_is_told_what_is_expected(value: Any, tmp_path: Path) -> None:
    (tmp_path / "labels").write_text(json.dumps(value))
    with pytest.raises(ModelError, match=r'no labels in it; expected .*\{"0": "cat"'):
        read_labels(tmp_path / "labels", 2)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b'{"0": "cat"', "no JSON .*; correct it"),
        (b'["cat", NaN]', "no JSON"),
        pytest.param(b"[" * 100_000, "no JSON", id="deep"),
        (b"cat\n\xff\xff", "not text in UTF-8"),
        pytest.param(b"a" * (2**24 + 1), "too large", id="long"),
    ],
)
def test_a_file_that_can_not_be_read_is_named(content: bytes, words: str, tmp_path: Path) -> None:
    (tmp_path / "labels").write_bytes(content)
    with pytest.raises(ModelError, match=words) as raised:
        read_labels(tmp_path / "labels", 2)
    assert str(tmp_path / "labels") in str(raised.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="gone: No such file"):
        read_labels(tmp_path / "gone", 2)


def test_labels_that_come_twice_get_their_numbers() -> None:
    labels = ("crane", "heron", "crane")
    assert checked_labels(labels, 3, "labels.txt", PATH) == ("crane (0)", "heron", "crane (2)")


@pytest.mark.parametrize(
    ("labels", "words"),
    [
        (("cat",), "it has 3 outputs, but labels.txt has 1 labels"),
        (("cat", "", "dog"), r'label 1 of labels.txt can\'t be printed \(""\)'),
        (("cat", "dog", "a\tb"), r'label 2 of labels.txt can\'t be printed \("a\\tb"\)'),
        (("cat", "cat", "cat (1)"), r"has the label 'cat \(1\)' twice"),
    ],
)
def test_labels_that_do_not_fit_are_refused(labels: tuple[str, ...], words: str) -> None:
    with pytest.raises(ModelError, match=words):
        checked_labels(labels, 3, "labels.txt", PATH)


def test_imagenets_labels_are_torchvisions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    labels = read_labels(IMAGENET, 1000)
    assert (len(labels), labels[:2]) == (1000, ("tench", "goldfish"))
    assert read_labels(IMAGENET, 1001) == ("background", *labels)
    Path("imagenet").mkdir()  # of photos
    assert read_labels(IMAGENET, 1000) == labels
    Path("imagenet").rmdir()
    Path("imagenet").write_text("cat\ndog")
    assert read_labels(IMAGENET, 1000) == ("cat", "dog")
