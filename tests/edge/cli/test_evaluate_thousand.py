"""A thousand classes in the terminal and in JSON: the worst are told, and nothing grows with their square."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from edge_cifar.edge.cli.evaluate import MOST_CLASSES, WORST
from edge_cifar.edge.model.card import ModelCard
from edge_cifar.edge.stats.classification import read_confusion
from thousand import LABELS, PHOTOS, write_test_photos, write_thousand

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="module")
def thousand(tmp_path_factory: pytest.TempPathFactory, card: ModelCard) -> tuple[Path, str]:
    folder = tmp_path_factory.mktemp("thousand")
    return write_thousand(folder / "model.onnx", card), write_test_photos(folder / "photos")


def test_the_worst_classes_and_confusions_are_told(run: Run, thousand: tuple[Path, str]) -> None:
    model, data = thousand
    done = run("evaluate", model, "--data", data)
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert lines[0].startswith(f"the worst {WORST} of ")
    assert lines[0].endswith(" classes (all: --json)")
    assert len(lines) == 2 * WORST + 6
    assert all("   0.0%" in line for line in lines[2 : 2 + WORST])  # the recall of the worst
    assert lines[WORST + 3].split() == ["is", "answered", "as", "images"]
    assert lines[-1] == f"accuracy {2 / 3:.2%} on {PHOTOS} test images"


def test_json_has_every_class_and_no_matrix_of_zeros(run: Run, thousand: tuple[Path, str]) -> None:
    model, data = thousand
    out = run("evaluate", model, "--data", data, "--json").stdout
    assert len(out) < 150_000
    told = json.loads(out)
    assert [*told["per_class"]] == [*LABELS]
    matrix = read_confusion(told["confusion"], 1000)
    assert (matrix.sum(), np.trace(matrix)) == (PHOTOS, PHOTOS * 2 / 3)
    assert told["accuracy"] == pytest.approx(2 / 3)


def test_a_few_classes_of_a_thousand_are_a_table_of_those(run: Run, thousand: tuple[Path, str], tmp_path: Path) -> None:
    model, data = thousand
    for folder in sorted((Path(data) / "test").iterdir())[:7]:
        (tmp_path / "few" / "test").mkdir(parents=True, exist_ok=True)
        (tmp_path / "few" / "test" / folder.name).symlink_to(folder)
    lines = run("evaluate", model, "--data", tmp_path / "few").stdout.splitlines()
    assert len(lines) == 1 + 7 + 1 < MOST_CLASSES
    (tmp_path / "few" / "test" / "a class of its own").mkdir()
    (tmp_path / "few" / "test" / "a class of its own" / "a.png").symlink_to(next(Path(data).rglob("*.png")))
    done = run("evaluate", model, "--data", tmp_path / "few")
    assert "the model does not know the class 'a class of its own' (it knows class 0, class 1, " in done.stderr
    assert done.stderr.endswith(", class 99 and 900 more)\n")


def test_info_is_a_short_line_of_labels(run: Run, thousand: tuple[Path, str]) -> None:
    done = run("info", thousand[0])
    [labels] = [line for line in done.stdout.splitlines() if line.startswith("labels")]
    assert labels.endswith("class 98, class 99 and 900 more (all: --json)")
    assert json.loads(run("info", thousand[0], "--json").stdout)["labels"] == [*LABELS]
