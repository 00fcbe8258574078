import json
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
from edge_cifar.edge.data.datasets import load_split, load_splits
from edge_cifar.edge.data.labelled_images import LabelledImages
from edge_cifar.edge.data.seen_photos import list_photos, write_photo_list
from edge_cifar.edge.errors import DataError
from edge_cifar.edge.inference.on_dataset import batch_logits, load_for
from edge_cifar.edge.model.card import ModelCard
from edge_cifar.edge.model.contract import Model
from edge_cifar.edge.model.shipped_models import model_file
from edge_cifar.edge.splits.split_rules import ALIKE, CONTENT
from PIL import Image

Run = Callable[..., "subprocess.CompletedProcess[str]"]
WriteSealed = Callable[[onnx.ModelProto, ModelCard], Path]


@pytest.fixture
def with_a_mistake(dataset: Path) -> Path:
    """The dataset folder with a bright photo among the cats of its test split: 6 cats, of which 5 look like one."""
    (dataset / "test" / "dog" / "0.png").rename(dataset / "test" / "cat" / "bright.png")
    return dataset


def test_json_holds_every_figure(run: Run, small_model: Path, with_a_mistake: Path) -> None:
    done = run("evaluate", small_model, "--data", with_a_mistake, "--json")
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout) == {
        "model": str(small_model),
        "data": str(with_a_mistake),
        "split": "test",
        "n": 10,
        "accuracy": 0.9,
        "threshold": 0.0,
        "unknown": 0,
        "accuracy_of_known": 0.9,
        "per_class": {
            "cat": {"precision": 1.0, "recall": 5 / 6, "f1": 10 / 11, "support": 6},
            "dog": {"precision": 0.8, "recall": 1.0, "f1": 8 / 9, "support": 4},
        },
        "confusion": [[5, 1], [0, 4]],
    }


def test_the_table_ends_in_the_accuracy_and_what_was_left_out_is_said(
    run: Run, small_model: Path, with_a_mistake: Path
) -> None:
    (with_a_mistake / "test" / "dog" / "broken.jpg").write_bytes(b"no photo")
    done = run("evaluate", small_model, "--data", with_a_mistake)
    assert done.returncode == 0
    assert done.stdout.splitlines()[1:] == [
        "cat       100.0%   83.3%  90.9%        6",
        "dog        80.0%  100.0%  88.9%        4",
        "accuracy 90.00% on 10 test images",
    ]
    [line] = done.stderr.splitlines()
    assert line.startswith("left out: ")
    assert "broken.jpg: not a photo" in line


def test_what_the_models_threshold_makes_unknown_is_counted(
    run: Run, write_sealed: WriteSealed, small_graph: onnx.ModelProto, small_card: ModelCard, with_a_mistake: Path
) -> None:
    # Cats 1 to 4 are 0.9521 sure at most; cat 0, the bright photo among them and the dogs 0.9525 at least.
    model = write_sealed(small_graph, replace(small_card, temperature=100.0, abstain_threshold=0.9523))
    told = json.loads(run("evaluate", model, "--data", with_a_mistake, "--json").stdout)
    assert (told["threshold"], told["unknown"], told["accuracy_of_known"]) == (0.9523, 4, 5 / 6)
    assert told["accuracy"] == 0.9
    assert run("evaluate", model, "--data", with_a_mistake).stdout.splitlines()[-1] == (
        "below the model's threshold of 0.95, `unknown`: 4 of them; of the others 83.33% are right"
    )


def test_a_dataset_that_cannot_be_used_is_one_line(run: Run, small_model: Path, dataset: Path) -> None:
    (dataset / "test" / "cow").mkdir()
    done = run("evaluate", small_model, "--data", dataset)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        f"edge-cifar evaluate: {dataset / 'test' / 'cow'}: no readable photo in this class folder; "
        "add some (JPEG, PNG, BMP, GIF, PPM, WEBP, TIFF, AVIF), or remove it\n"
    )


def test_targets_follow_the_order_of_the_models_labels(dataset: Path, small_card: ModelCard) -> None:
    card = replace(small_card, labels=("zebra", "dog", "cat"))
    images = load_for(card, str(dataset), "test")
    assert images.labels == ("zebra", "dog", "cat")
    assert images.targets.tolist() == [2] * 5 + [1] * 5  # cats, then dogs, as in the folder
    assert images.images.shape == (10, 2, 2, 4)


def test_a_class_that_the_model_does_not_know_is_refused(dataset: Path, small_card: ModelCard) -> None:
    card = replace(small_card, labels=("cat", "cow"))
    with pytest.raises(DataError, match=r"the model does not know the class 'dog' \(it knows cat, cow\)"):
        load_for(card, str(dataset), "test")


@pytest.mark.parametrize("rule", [{}, {"rule": "content"}])
def test_validation_is_cut_as_the_card_says(dataset: Path, small_card: ModelCard, rule: dict[str, str]) -> None:
    card = replace(small_card, validation={"fraction": 0.3, "seed": 5} | rule)
    splits = load_splits(str(dataset), 2, val_fraction=0.3, val_seed=5, rule=rule.get("rule", "position"))
    assert load_for(card, str(dataset), "val").ids == splits["val"].ids
    assert load_for(card, str(dataset), "train").ids == splits["train"].ids


def test_logits_of_several_batches_keep_their_order(small_model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    count = 45
    monkeypatch.setattr("edge_cifar.edge.data.pixel_rows.CHUNK", 20 * 2 * 2 * 4)
    monkeypatch.setattr("edge_cifar.edge.model.contract.LARGEST_PIXELS", 7 * 2 * 2)
    pixels = np.random.RandomState(0).randint(0, 256, (count, 2, 2, 4)).astype(np.uint8)
    images = LabelledImages(pixels, np.zeros(count, np.int64), ("cat", "dog"), ("",) * count)
    logits = batch_logits(Model(small_model), images)
    assert logits[:, 1].tolist() == (pixels[:, 0, 0, :3].sum(axis=-1, dtype=np.int64) - 300).tolist()


def test_every_photo_can_be_evaluated_and_one_class_is_enough(run: Run, small_model: Path, dataset: Path) -> None:
    done = run("evaluate", small_model, "--data", dataset, "--split", "all", "--json")
    assert json.loads(done.stdout)["n"] == 30
    (dataset / "one").mkdir()
    (dataset / "test" / "dog").rename(dataset / "one" / "dog")
    done = run("evaluate", small_model, "--data", dataset / "one", "--split", "all")
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "accuracy 100.00% on 5 images")
    assert json.loads(run("evaluate", small_model, "--data", dataset, "--json").stdout)["n"] == 5  # the cats


@pytest.mark.parametrize("rule", [ALIKE, CONTENT])
def test_a_file_without_its_list_of_photos_says_which_may_have_changed_sides(
    run: Run, write_sealed: WriteSealed, tmp_path: Path, rule: str
) -> None:
    random = np.random.RandomState(0)
    for label in ("cat", "dog"):
        (tmp_path / "alike" / label).mkdir(parents=True)
        for i in range(40):
            if i % 2 == 0:
                pixels = random.randint(0, 246, (8, 8, 3)).astype(np.uint8)
            picture = Image.fromarray(pixels + np.uint8(i % 2)).resize((32, 32), Image.Resampling.NEAREST)
            picture.save(tmp_path / "alike" / label / f"{i}.png")
    nano = onnx.load(model_file("nano"))
    card = replace(Model(model_file("nano")).card, validation={"fraction": 0.1, "seed": 0, "rule": rule})
    done = run("evaluate", write_sealed(nano, card), "--data", tmp_path / "alike", "--split", "val")
    warned = "of these images look alike, and stand where one of them decides: when photos came or went, the model may"
    assert done.returncode == 0
    assert (warned in done.stderr) == (rule == ALIKE)


def test_what_the_model_has_learned_from_is_told(run: Run, small_model: Path, dataset: Path) -> None:
    images = load_split(str(dataset), "all", 2, val_fraction=0.1, val_seed=0, contents=True)
    write_photo_list(small_model.parent, list_photos({"train": images.take(np.arange(5, 8)), "test": images}))
    done = run("evaluate", small_model, "--data", dataset, "--split", "all", "--json")
    assert done.stderr == "the model has learned from 3 of these 30 images: they flatter it\n"
    assert json.loads(done.stdout)["seen_in_training"] == 3
    done = run("evaluate", small_model, "--data", dataset, "--json")
    assert (done.stderr, json.loads(done.stdout)["seen_in_training"]) == ("", 0)


def test_an_older_file_on_a_folder_that_is_cut_is_told(run: Run, small_model: Path, dataset: Path) -> None:
    done = run("evaluate", small_model, "--data", dataset / "train")
    assert "is of a version that cut folders by the number of photos" in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert run("evaluate", small_model, "--data", dataset / "train", "--split", "all").stderr == ""


@pytest.mark.parametrize("data", ["", " "])
def test_an_empty_name_is_no_data(run: Run, small_model: Path, data: str) -> None:
    done = run("evaluate", small_model, "--data", data)
    assert (done.returncode, len(done.stderr.splitlines())) == (1, 1)
    assert "the name of the data is empty" in done.stderr


def test_what_is_left_out_is_told(run: Run, small_model: Path, dataset: Path) -> None:
    (dataset / "test" / "cat" / "a.heic").touch()
    done = run("evaluate", small_model, "--data", dataset)
    assert done.stderr == f"left out: {dataset / 'test' / 'cat'}: 1 HEIC\n"
