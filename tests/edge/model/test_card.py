import json
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path

import pytest
from edge_cifar.edge.errors import ModelError
from edge_cifar.edge.model.card import CARD_KEY, MAX_LABELS, ModelCard, read_card
from edge_cifar.edge.photos.preprocessing import Preprocessing

PATH = Path("model.onnx")


@pytest.fixture
def values(card: ModelCard) -> dict[str, object]:
    """A card's JSON values, every key in it."""
    return json.loads(
        replace(
            card,
            accuracy={"test": {"n": 500, "top1": 0.9}},
            calibration={"n": 512, "seed": 0, "split": "train"},
        ).to_json()
    )


def read(values: Mapping[str, object]) -> ModelCard:
    return read_card({CARD_KEY: json.dumps(values)}, PATH)


def test_a_card_survives_its_json(values: dict[str, object], card: ModelCard) -> None:
    full = read(values)
    assert read_card({CARD_KEY: full.to_json()}, PATH) == full
    assert replace(full, accuracy=card.accuracy, calibration=card.calibration) == card


def test_temperature_and_threshold_survive(card: ModelCard) -> None:
    fitted = replace(card, temperature=1.7, abstain_threshold=0.45)
    read_again = read_card({CARD_KEY: fitted.to_json()}, PATH)
    assert (read_again.temperature, read_again.abstain_threshold) == (1.7, 0.45)
    assert read_again == fitted


def test_the_preprocessing_is_of_the_size_and_the_rule(values: dict[str, object], card: ModelCard) -> None:
    assert card.preprocessing == Preprocessing(card.size)
    cropped = read({**values, "size": 224, "resize": "crop-bilinear-0.875"})
    assert cropped.preprocessing == Preprocessing(224, "crop", "bilinear", 0.875)


def test_json_is_one_line_and_keeps_letters(card: ModelCard) -> None:
    text = replace(card, labels=("café", "猫")).to_json()
    assert "\n" not in text
    assert '"labels": ["café", "猫"]' in text


def test_no_card_says_how_to_get_one() -> None:
    with pytest.raises(ModelError, match=r"model\.onnx: no edge-cifar model card in it; export it with"):
        read_card({"other": "{}"}, PATH)


def test_a_card_of_a_later_format_says_which_version_reads_it(values: dict[str, object]) -> None:
    later = {**values, "format": 2, "new key": 0}
    needs = r"model\.onnx: a model card of format 2, this version reads 1; it needs edge-cifar 3\.1\.0 or later"
    with pytest.raises(ModelError, match=needs):
        read({**later, "versions": {"edge-cifar": "3.1.0"}})


@pytest.mark.parametrize("versions", [None, {}, "3.1.0", {"edge-cifar": 3}], ids=repr)
def test_one_that_does_not_say_so_asks_for_a_later_version(values: dict[str, object], versions: object) -> None:
    with pytest.raises(ModelError, match=r"format 2, this version reads 1; it needs a later edge-cifar$"):
        read({**values, "format": 2, "versions": versions})


def test_it_says_no_more_than_a_version(values: dict[str, object]) -> None:
    with pytest.raises(ModelError) as caught:
        read({**values, "format": 2, "versions": {"edge-cifar": "9" * 1000}})
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize("other", [0, -1])
def test_a_format_that_never_was_is_damage(values: dict[str, object], other: int) -> None:
    with pytest.raises(ModelError, match=f"damaged model card .format {other}."):
        read({**values, "format": other})


def test_a_card_from_before_multiplications_were_counted_is_read(values: dict[str, object]) -> None:
    assert read({**values, "macs": 12_345}).macs == 12_345
    del values["macs"]
    assert read(values).macs is None


def test_a_key_that_a_later_minor_version_added_is_ignored(values: dict[str, object]) -> None:
    assert read({**values, "surprise": {"nested": [1]}}) == read(values)


@pytest.mark.parametrize("name", ModelCard.__annotations__)
@pytest.mark.parametrize("wrong", [True, [["a"], ["b"]], {"a": {"b": {}}}], ids=repr)
def test_a_value_of_the_wrong_type_is_refused(values: dict[str, object], name: str, wrong: object) -> None:
    with pytest.raises(ModelError, match="model card"):
        read({**values, name: wrong})


NULLABLE = ("agreement", "calibration", "int8_share", "macs")


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        *[(name, None) for name in ModelCard.__annotations__ if name not in NULLABLE],
        *[
            (name, 3)
            for name in ("agreement", "net", "precision", "weights_sha256", "resize", "calibration", "versions")
        ],
        *[(name, 1.5) for name in ("size", "parameters", "macs", "labels")],
        *[(name, "32") for name in ("size", "parameters", "macs", "labels", "temperature", "trained_on")],
        ("abstain_threshold", "32"),
        ("int8_share", 1.5),
        ("agreement", {"n": 10}),
        ("agreement", {"n": 10, "share": 1.5}),
        ("agreement", {"n": 0, "share": 0.5}),
    ],
)
def test_a_value_of_a_similar_type_is_refused(values: dict[str, object], name: str, wrong: object) -> None:
    with pytest.raises(ModelError, match="model card"):
        read({**values, name: wrong})


@pytest.mark.parametrize("name", ["net", "labels", "size", "accuracy", "validation", "format", "weights_sha256"])
def test_a_missing_value_is_refused(values: dict[str, object], name: str) -> None:
    del values[name]
    with pytest.raises(ModelError, match=rf"damaged model card .*{name}"):
        read(values)


@pytest.mark.parametrize(
    "change",
    [
        {"size": 0},
        {"size": 10**9},
        {"size": 10**400},
        {"labels": ["cat"]},
        {"labels": ["cat", "cat"]},
        {"labels": ["cat", 3]},
        {"labels": ["cat", "\x1b[2J"]},
        {"labels": ["cat", ""]},
        {"labels": [str(i) for i in range(MAX_LABELS + 1)]},
        {"resize": "nearest"},
        {"resize": "squash-bicubic-1.0"},
        {"parameters": -1},
        {"parameters": 10**400},
        {"macs": -1},
        {"macs": 10**400},
        {"temperature": 0},
        {"temperature": -1},
        {"temperature": 10**400},
        {"temperature": 1e-300},
        {"temperature": float("inf")},
        {"temperature": float("nan")},
        {"abstain_threshold": 1.1},
        {"abstain_threshold": float("nan")},
        {"validation": {"fraction": 0.1}},
        {"validation": {"fraction": 1, "seed": 0}},
        {"validation": {"fraction": 0.1, "seed": -1}},
        {"validation": {"fraction": 0.1, "seed": "0"}},
        {"validation": {"fraction": 0.1, "seed": 0.5}},
        {"validation": {"fraction": 0.1, "seed": True}},
        {"validation": {"fraction": float("nan"), "seed": 0}},
        {"calibration": {"n": float("inf")}},
        {"accuracy": {"test": {"n": float("inf"), "top1": 0.9}}},
        {"accuracy": {"test": {"n": 10**400, "top1": 0.9}}},
        {"accuracy": {"test": {"n": 9.5, "top1": 0.9}}},
        {"accuracy": {"test": {"n": True, "top1": 0.9}}},
        {"accuracy": {"test": {"n": 10, "top1": float("nan")}}},
        {"accuracy": {"test": {"n": 10}}},
        {"accuracy": {"test": {"n": 10, "top1": "good"}}},
        {"accuracy": {"test": 0.9}},
    ],
    ids=lambda change: str(change)[:40],
)
def test_a_value_that_makes_no_sense_is_refused(values: dict[str, object], change: dict[str, object]) -> None:
    with pytest.raises(ModelError, match="damaged model card"):
        read({**values, **change})


def test_what_is_wrong_is_said_in_few_words(values: dict[str, object]) -> None:
    with pytest.raises(ModelError) as caught:
        read({**values, "resize": "x" * 1_000_000})
    assert len(str(caught.value)) < 400


@pytest.mark.parametrize(
    "text", ["", "{", "null", "[]", "3", '"text"', "[" * 100_000, '{"format": ' + "9" * 5000 + "}"]
)
def test_other_json_is_refused(text: str) -> None:
    with pytest.raises(ModelError, match="damaged model card"):
        read_card({CARD_KEY: text}, PATH)


@pytest.mark.parametrize("key", ["temperature", "labels", "accuracy"])
def test_a_key_that_comes_twice_is_refused(card: ModelCard, key: str) -> None:
    text = card.to_json()
    twice = json.dumps({key: json.loads(text)[key]})[:-1] + ", " + text[1:]
    with pytest.raises(ModelError, match=r"damaged model card .*twice"):
        read_card({CARD_KEY: twice}, PATH)


def test_a_number_beyond_all_others_is_refused(card: ModelCard) -> None:
    text = card.to_json().replace('"temperature": 1.0', '"temperature": 1e999')
    with pytest.raises(ModelError, match=r"damaged model card .*1e999 is too large"):
        read_card({CARD_KEY: text}, PATH)


def test_a_card_is_frozen(card: ModelCard) -> None:
    with pytest.raises(AttributeError):
        card.size = 64  # type: ignore[misc]
    assert asdict(card)["size"] == 32
