"""What is written when training ends: the test result, the pictures, and the pages that explain them."""

from collections.abc import Callable, Sequence
from dataclasses import asdict

import numpy as np

from ...edge.data.datasets import stratified_sample
from ...edge.data.labelled_images import LabelledImages
from ...edge.files.atomic_write import write_bytes, write_json, write_text
from ...edge.photos.contract import Photo
from ...edge.report.document import PAGE
from ...edge.stats.classification import Floats, accuracy, confusion_matrix
from ...edge.stats.confidence import calibration_bins, calibration_error
from ...edge.stats.label_errors import Doubt
from ...edge.stats.significance import wilson_interval
from ...edge.stats.softmax import softmax
from ..nets.torch_modules import count_parameters
from ..runs.doubtful_photos import write_doubts
from ..runs.final_result import Result
from ..runs.run_folder import REPORT, RESULT, Run
from . import plots
from .html_page import html_page
from .image_grid import image_grid, most_confident_mistakes
from .markdown_page import Answers, page

SAMPLES = 32  # images
MISTAKES = 24  # images


def write_curves(run: Run) -> None:
    """Write `curves.png` from the epochs so far, if there are any."""
    if history := run.history():
        write_bytes(run.folder / "curves.png", plots.curves(history, run.kept_epoch()[0]))


def write_report(
    run: Run,
    test: LabelledImages,
    logits: Floats,
    doubts: Sequence[Doubt] | None,
    photo_of: Callable[[str, str], Photo],
) -> Result:
    """Write `result.json`, the pictures, `report.md` and `report.html`, and the `doubts` if labels were judged.

    `logits` (N, classes) are the net's on `test`; `photo_of` gives the photo of a split and id.
    """
    probabilities = softmax(logits)
    matrix = confusion_matrix(test.targets, logits.argmax(axis=1), len(test.labels))
    history = run.history()
    best_epoch, val_accuracy = run.kept_epoch()
    result = Result(
        epochs=history[-1]["epoch"],
        best_epoch=best_epoch,
        val_accuracy=val_accuracy,
        test_accuracy=accuracy(matrix),
        test_interval=wilson_interval(int(np.trace(matrix)), len(test)),
        test_images=len(test),
        calibration_error=calibration_error(logits, test.targets, temperature=1),
        parameters=count_parameters(run.load_net()),
        seconds=round(sum(row["seconds"] for row in history), 1),
    )
    write_json(run.folder / RESULT, asdict(result))
    write_curves(run)
    write_bytes(run.folder / "confusion.png", plots.confusion(matrix, test.labels))
    bins = calibration_bins(logits, test.targets, temperature=1)
    write_bytes(run.folder / "reliability.png", plots.reliability(bins, result.calibration_error))
    samples = stratified_sample(test.targets, SAMPLES, seed=run.recipe.seed)
    mistakes = most_confident_mistakes(test.targets, probabilities, MISTAKES)
    write_bytes(run.folder / "samples.png", image_grid(test, samples, probabilities, "Test images, drawn at random"))
    if len(mistakes):
        grid = image_grid(test, mistakes, probabilities, "The mistakes it is surest of")
        write_bytes(run.folder / "mistakes.png", grid)
    write_text(run.folder / REPORT, page(run, result, Answers(test, probabilities, matrix, mistakes)))
    if doubts is not None:
        write_doubts(run.folder, doubts)
    write_text(run.folder / PAGE, html_page(run, result, test, logits, doubts, photo_of))
    return result
