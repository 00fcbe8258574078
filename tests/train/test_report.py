import json
from pathlib import Path

import numpy as np
import pytest
from edge_cifar.edge.labelled import LabelledImages
from edge_cifar.train import plots
from edge_cifar.train.nets import NETS, build_net
from edge_cifar.train.recipe import Recipe
from edge_cifar.train.report import write_report
from edge_cifar.train.run import Run

ROW = {"epoch": 1, "train_loss": 2.0, "train_accuracy": 0.2, "val_loss": 1.9, "val_accuracy": 0.3, "seconds": 1.0}


@pytest.fixture
def run(tmp_path: Path, synthetic: LabelledImages) -> Run:
    splits = {name: {"n": 20, "sha256": ""} for name in ("train", "val", "test")}
    data = {"name": "synthetic", "labels": list(synthetic.labels), "splits": splits}
    run = Run(tmp_path / "run", Recipe(epochs=1), data, {})
    run.create()
    run.log(ROW)
    run.save_weights(build_net(NETS["batchnorm"]), epoch=1, val_accuracy=0.3)
    return run


def test_the_report_states_the_test_result_and_every_class(run: Run, synthetic: LabelledImages) -> None:
    predicted = synthetic.targets.copy()
    predicted[:20] = 9  # the first two of each class called triangles
    result = write_report(run, synthetic, predicted)
    assert result.test_accuracy == 0.91
    assert json.loads((run.folder / "result.json").read_text())["test_accuracy"] == 0.91
    page = (run.folder / "report.md").read_text()
    assert "**91.00%** of 200 test images" in page
    assert "309,290 parameters" in page
    assert "| arrow | 100.0% | 90.0% | 94.7% | 20 |" in page
    assert "| triangle | 52.6% | 100.0% | 69.0% | 20 |" in page
    for name in ("curves.png", "confusion.png"):
        assert (run.folder / name).read_bytes().startswith(b"\x89PNG")


def test_plots_of_the_same_numbers_are_the_same_bytes() -> None:
    matrix = np.array([[3, 1], [0, 4]])
    assert plots.confusion(matrix, ["a", "b"], "t") == plots.confusion(matrix, ["a", "b"], "t")
    assert plots.curves([ROW]) == plots.curves([ROW])


def test_a_class_without_images_can_be_drawn() -> None:
    assert plots.confusion(np.array([[0, 0], [0, 4]]), ["a", "b"], "t").startswith(b"\x89PNG")
