from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from edge_cifar.edge.data.labelled_images import LabelledImages
from edge_cifar.edge.stats.classification import Indices, confusion_matrix
from edge_cifar.train.recipe.recipe import Recipe
from edge_cifar.train.report.image_grid import most_confident_mistakes
from edge_cifar.train.report.markdown_page import Answers, page
from edge_cifar.train.runs.final_result import Result
from edge_cifar.train.runs.run_folder import Run


def page_of(test: LabelledImages, answered: Indices, *, epochs: int = 40, confidence: float = 0.99) -> str:
    """Return the report of a run that gave these answers, each with the same confidence."""
    classes = len(test.labels)
    probabilities = np.full((len(test), classes), (1 - confidence) / (classes - 1))
    probabilities[np.arange(len(test)), answered] = confidence
    splits = {name: {"n": 1000, "sha256": ""} for name in ("train", "val", "test")}
    run = Run(
        Path("runs/some run"),
        Recipe(data="pets", lr=0.125),
        {"name": "pets", "labels": list(test.labels), "splits": splits},
        {"torch": "2.15"},
    )
    result = Result(
        epochs=epochs,
        best_epoch=3,
        val_accuracy=0.5,
        test_accuracy=float((answered == test.targets).mean()),
        test_interval=(0.1, 0.2),
        test_images=len(test),
        calibration_error=0.034,
        parameters=1000,
        seconds=600,
    )
    matrix = confusion_matrix(test.targets, answered, classes)
    return page(
        run, result, Answers(test, probabilities, matrix, most_confident_mistakes(test.targets, probabilities, 9))
    )


def with_labels(images: LabelledImages, labels: tuple[str, ...]) -> LabelledImages:
    """Return the same pictures, dealt to other classes in turn."""
    return replace(images, labels=labels, targets=np.arange(len(images)) % len(labels))


def test_the_page_says_which_classes_are_confused_and_how_often_which_way(synthetic: LabelledImages) -> None:
    answered = synthetic.targets.copy()
    answered[synthetic.targets == 5] = 3
    answered[np.flatnonzero(synthetic.targets == 3)[0]] = 5
    answered[np.flatnonzero(synthetic.targets == 0)[0]] = 1
    assert (
        "It confuses heart and cross most, in 21 of its 22 mistakes: heart was taken for cross 20 times, cross for "
        "heart once. Of its classes it recognises bar best (100.0%) and heart worst (0.0%)."
    ) in page_of(synthetic, answered)


def test_a_class_without_test_images_is_not_called_the_worst(synthetic: LabelledImages) -> None:
    photos = synthetic.take(np.flatnonzero(synthetic.targets != 9))
    answered = photos.targets.copy()
    answered[0] = 9
    assert "and arrow worst (95.0%)" in page_of(photos, answered)


def test_it_names_the_mistakes_by_file(synthetic: LabelledImages) -> None:
    answered = synthetic.targets.copy()
    answered[10] = 1
    assert "| test/00010 | arrow | bar | 99.0% |" in page_of(synthetic, answered)


def test_a_faultless_run_has_no_mistakes_to_show(synthetic: LabelledImages) -> None:
    text = page_of(synthetic, synthetic.targets)
    assert "It made no mistake" in text
    assert "mistakes.png" not in text


def test_names_of_classes_are_never_read_as_markup(synthetic: LabelledImages) -> None:
    photos = with_labels(synthetic, ("a|b", "*big_cat*"))
    text = page_of(photos, 1 - photos.targets)
    assert r"| a\|b | 100 | 0.0% | 0.0% | 0.0% | \*big_cat\* (100) |" in text


def test_names_that_pictures_have_to_escape_are_told(synthetic: LabelledImages) -> None:
    photos = with_labels(synthetic, ("cat", "dog \U0010fffd"))
    text = page_of(photos, photos.targets)
    assert "for want of a font with all of their letters: dog \U0010fffd as dog \\\\U0010fffd." in text
    assert "font" not in page_of(synthetic, synthetic.targets)


def test_of_a_hundred_classes_the_worst_and_the_best_are_listed(synthetic: LabelledImages) -> None:
    photos = with_labels(synthetic, tuple(f"kind {i:02}" for i in range(100)))
    answered = photos.targets.copy()
    answered[7] = 8
    text = page_of(photos, answered)
    assert "The 10 worst and the 5 best of 100 classes" in text
    rows = [line for line in text.splitlines() if line.startswith("| kind")]
    assert len(rows) == 15
    assert rows[0].startswith("| kind 07 |")


def test_a_run_that_stopped_early_says_so(synthetic: LabelledImages) -> None:
    assert "trained for 40 epochs on" in page_of(synthetic, synthetic.targets)
    assert "trained for 7 of at most 40 epochs" in page_of(synthetic, synthetic.targets, epochs=7)


@pytest.mark.parametrize(
    ("confidence", "verdict"), [(0.7, "too modest"), (0.9, "about what it should be"), (0.99, "too sure of itself")]
)
def test_it_says_whether_its_confidence_can_be_believed(
    synthetic: LabelledImages, confidence: float, verdict: str
) -> None:
    answered = synthetic.targets.copy()
    answered[:20] = (answered[:20] + 1) % 10
    text = page_of(synthetic, answered, confidence=confidence)
    assert f"Its confidence is {confidence:.1%} on average, and 90.0% of its answers are right: {verdict}." in text


def test_it_tells_how_to_repeat_the_run_and_what_is_unusual_about_it(synthetic: LabelledImages) -> None:
    text = page_of(synthetic, synthetic.targets)
    assert "edge-cifar train --config 'runs/some run'/recipe.toml" in text
    assert "Unlike in the default recipe: `lr` 0.125." in text
