import base64
import shutil
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from edge_cifar.benchmarks.measure.accuracy import MOST_FLIPS, compare_accuracy, image_folder, load_for_all
from edge_cifar.edge.data.labelled_images import LabelledImages
from edge_cifar.edge.data.synthetic_shapes import LABELS
from edge_cifar.edge.errors import DataError
from edge_cifar.edge.photos.preprocessing import Preprocessing


def model(labels: Sequence[str], answers: Sequence[str], *, seed: int = 0) -> SimpleNamespace:
    """Stands for a Model that gives these answers, whatever the images."""
    logits = np.array([[float(label == answer) for label in labels] for answer in answers], np.float32)
    card = SimpleNamespace(
        labels=tuple(labels),
        preprocessing=Preprocessing(8),
        temperature=1.0,
        validation={"fraction": 0.1, "seed": seed},
    )
    return SimpleNamespace(card=card, logits=lambda _: logits, path=Path(f"{seed}.onnx"))


def images(labels: Sequence[str], targets: Sequence[str]) -> LabelledImages:
    indices = np.array([labels.index(target) for target in targets])
    pixels = np.zeros((len(targets), 8, 8, 4), np.uint8)
    return LabelledImages(pixels, indices, tuple(labels), tuple(map(str, range(len(targets)))))


def test_the_drop_is_in_points_against_the_first_model() -> None:
    truth = images("ab", "aaab")
    first, second = compare_accuracy([model("ab", "aaab"), model("ab", "aabb")], [truth, truth])
    assert (first.n, first.top1, first.drop_points, first.same_answers) == (4, 1.0, 0.0, 1.0)
    assert (second.n, second.top1, second.drop_points, second.same_answers) == (4, 0.75, 25.0, 0.75)
    assert (first.broken, first.fixed, first.p) == (0, 0, 1)
    assert (second.broken, second.fixed, second.p) == (1, 0, 1)


def test_a_model_is_told_class_by_class() -> None:
    (result,) = compare_accuracy([model("ab", "aabb")], [images("ab", "aaab")])
    assert result.labels == ("a", "b")
    assert result.per_class == [2 / 3, 1]
    assert result.confusion == [[2, 1], [0, 1]]
    low, high = result.interval
    assert low < 0.75 < high
    # Every logit is 1 for the answer and 0 else: 73.1 % sure of each, right of three in four.
    ((sure, right, n),) = [(each.confidence, each.accuracy, each.n) for each in result.reliability]
    assert (round(sure, 3), right, n) == (0.731, 0.75, 4)
    assert result.ece == pytest.approx(0.75 - sure)


def test_images_labelled_otherwise_are_named_with_all_three_labels() -> None:
    truth = images("abc", "abcc")
    _, second = compare_accuracy([model("abc", "abbc"), model("abc", "abca")], [truth, truth], Path("photos/test"))
    assert second.flips == [
        {"path": "photos/test/2", "truth": "c", "first": "b", "this": "c"},
        {"path": "photos/test/3", "truth": "c", "first": "c", "this": "a"},
    ]
    _, second = compare_accuracy([model("abc", "abbc"), model("abc", "abca")], [truth, truth])
    assert [flip["path"] for flip in second.flips] == ["2", "3"]


def test_only_so_many_flips_are_named() -> None:
    truth = images("ab", "a" * 40)
    _, second = compare_accuracy([model("ab", "a" * 40), model("ab", "b" * 40)], [truth, truth])
    assert (second.broken, len(second.flips)) == (40, MOST_FLIPS)


def test_which_images_were_right_can_be_read_back() -> None:
    (result,) = compare_accuracy([model("ab", "aabbababa")], [images("ab", "aaabababa")])
    bits = np.unpackbits(np.frombuffer(base64.b64decode(result.right), np.uint8), count=9)
    assert bits.tolist() == [1, 1, 0, 1, 1, 1, 1, 1, 1]
    assert result.images == images("ab", "aaabababa").digest()


def test_photos_lie_in_the_folder_of_their_split_or_where_it_was_cut_from(few_photos: str, tmp_path: Path) -> None:
    train = tmp_path / "few" / "train"
    assert image_folder(few_photos, "train") == train
    assert image_folder(few_photos, "test") == train
    shutil.copytree(train, tmp_path / "few" / "test")
    assert image_folder(few_photos, "test") == tmp_path / "few" / "test"
    shutil.rmtree(train)
    assert image_folder(few_photos, "test") == tmp_path / "few" / "test"
    assert image_folder("synthetic", "test") is None
    (tmp_path / "labels.csv").write_text("path,label\na.png,a\n")
    assert image_folder(str(tmp_path / "labels.csv"), "test") == tmp_path


def test_answers_are_compared_by_label_where_models_order_them_differently() -> None:
    models = [model("ab", "abbb"), model("ba", "abbb")]
    for result in compare_accuracy(models, [images("ab", "aabb"), images("ba", "aabb")]):
        assert (result.top1, result.same_answers) == (0.75, 1.0)


def test_models_that_take_the_same_images_share_them() -> None:
    first, second = load_for_all([model(LABELS, []), model(LABELS, [])], "synthetic", "test")
    assert first is second


def test_models_with_other_validation_images_are_not_compared_on_them() -> None:
    models = [model(LABELS, [], seed=0), model(LABELS, [], seed=1)]
    with pytest.raises(DataError, match=r"1\.onnx: its val images of synthetic are not those of 0\.onnx"):
        load_for_all(models, "synthetic", "val")
