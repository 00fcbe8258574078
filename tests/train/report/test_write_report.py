import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from edge_cifar.edge.data.labelled_images import LabelledImages
from edge_cifar.edge.photos.contract import Photo
from edge_cifar.edge.stats.classification import Floats
from edge_cifar.edge.stats.label_errors import HELD_OUT, Doubt
from edge_cifar.train.nets.catalogue import NETS
from edge_cifar.train.nets.torch_modules import build_net
from edge_cifar.train.recipe.recipe import Recipe
from edge_cifar.train.report.write_report import write_curves, write_report
from edge_cifar.train.runs.doubtful_photos import read_doubts
from edge_cifar.train.runs.run_folder import Run
from elements import Elements

ROW = {
    "epoch": 1,
    "train_loss": 2.0,
    "train_accuracy": 0.2,
    "val_loss": 1.9,
    "val_accuracy": 0.3,
    "lr": 0.1,
    "seconds": 1.0,
}


@pytest.fixture
def run(tmp_path: Path, synthetic: LabelledImages) -> Run:
    splits = {name: {"n": 20, "sha256": ""} for name in ("train", "val", "test")}
    data = {"name": "synthetic", "labels": list(synthetic.labels), "splits": splits}
    run = Run(tmp_path / "run", Recipe(data="synthetic", epochs=1), data, {"torch": "2.15"})
    run.create()
    return run


@pytest.fixture
def trained(run: Run) -> Run:
    run.log(ROW)
    run.save_weights(build_net(NETS["batchnorm"]), epoch=1, val_accuracy=0.3)
    return run


def pixels_of(images: LabelledImages) -> Callable[[str, str], Photo]:
    """Return what gives the pixels of an image of any split."""
    return lambda _, name: images.images[images.ids.index(name)]


def sure_of(answers: np.ndarray) -> Floats:
    """Return logits that give each answer 98 %."""
    return np.asarray(6 * np.eye(10, dtype=np.float32)[answers])


def test_the_report_states_the_test_result_and_shows_its_pictures(trained: Run, synthetic: LabelledImages) -> None:
    answers = synthetic.targets.copy()
    answers[:20] = 9  # the first two of each class called triangles
    result = write_report(trained, synthetic, sure_of(answers), None, pixels_of(synthetic))
    assert result.test_accuracy == 0.91
    assert result.calibration_error == pytest.approx(0.07, abs=0.005)
    assert json.loads((trained.folder / "result.json").read_text())["test_accuracy"] == 0.91
    page = (trained.folder / "report.md").read_text()
    assert "**91.00%** of 200 test images correctly (95 % interval 86.22% - 94.23%)" in page
    assert "309,290 parameters" in page
    assert "| arrow | 20 | 100.0% | 90.0% | 94.7% | triangle (2) |" in page
    for name in ("curves", "confusion", "reliability", "samples", "mistakes"):
        assert (trained.folder / f"{name}.png").read_bytes().startswith(b"\x89PNG")
        assert f"({name}.png)" in page


def test_without_a_mistake_no_picture_of_them_is_written(trained: Run, synthetic: LabelledImages) -> None:
    write_report(trained, synthetic, sure_of(synthetic.targets), None, pixels_of(synthetic))
    assert not (trained.folder / "mistakes.png").exists()


def test_the_page_shows_classes_confusions_and_the_labels_that_may_be_wrong(
    trained: Run, synthetic: LabelledImages
) -> None:
    answers = synthetic.targets.copy()
    answers[:20] = 9
    doubt = Doubt("test", synthetic.ids[5], "photos/<5>.png", "arrow", "triangle", 0.01, 0.98, HELD_OUT)
    write_report(trained, synthetic, sure_of(answers), [doubt], pixels_of(synthetic))
    assert read_doubts(trained.folder) == [doubt]
    elements = Elements((trained.folder / "report.html").read_text())
    for words in (
        "batchnorm is right on 91.0% of 200 test images (95 % interval 86.2% - 94.2%), and on 91.0% on average",
        "One epoch: 30.00% of the validation images right",
        "mean of the classes",
        "arrow, taken for triangle: 2 images of 20",
        "1 photo contradicts its folder",
        "photos/<5>.png",
        "--quantize",
    ):
        assert words in elements.text
    assert all(source.startswith("data:image/") for source in elements.sources)
    assert "script" not in elements.tags


def test_where_labels_were_not_judged_the_page_says_nothing_of_them(trained: Run, synthetic: LabelledImages) -> None:
    write_report(trained, synthetic, sure_of(synthetic.targets), None, pixels_of(synthetic))
    assert "Labels that may be wrong" not in (trained.folder / "report.html").read_text()
    assert read_doubts(trained.folder) is None


def test_the_page_stays_small_whatever_the_photos_are(trained: Run, synthetic: LabelledImages) -> None:
    random = np.random.RandomState(0)
    noise = random.randint(0, 256, (144, 192, 3)).astype(np.uint8)  # as large as shown: nothing is larger as a JPEG
    answers = random.randint(0, 10, len(synthetic))
    doubts = [Doubt("test", "x" * 200, "y" * 200, "arrow", "triangle", 0.01, 0.98, HELD_OUT)] * 1000
    write_report(trained, synthetic, sure_of(answers), doubts, lambda *_: noise)
    assert (trained.folder / "report.html").stat().st_size < 1_500_000


def test_without_an_epoch_there_is_no_curve(run: Run) -> None:
    write_curves(run)
    assert not (run.folder / "curves.png").exists()
