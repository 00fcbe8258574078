"""The text of `report.md`: how good the net is, how it was trained, what it confuses, how sure it is, what is next."""

import re
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass

import numpy as np

from ...edge.data.labelled_images import LabelledImages
from ...edge.stats.classification import ClassMetrics, Floats, Indices, per_class
from ..recipe.recipe import Recipe
from ..runs.final_result import Result
from ..runs.run_folder import RECIPE, Run
from .fonts import escaped

ALL_CLASSES = 20  # the table of classes shows all of so many, of more the worst and the best
WORST, BEST = 10, 5
LISTED = 10  # mistakes in the table
SURE = 0.9


@dataclass(frozen=True)
class Answers:
    """The test set and what the net answered: probabilities (N, classes), counts (shown, answered), worst mistakes."""

    test: LabelledImages
    probabilities: Floats
    matrix: Indices
    mistakes: Indices

    @property
    def labels(self) -> list[str]:
        """The class names, safe in Markdown."""
        return [_plain(label) for label in self.test.labels]


def page(run: Run, result: Result, answers: Answers) -> str:
    """Return the report as Markdown."""
    sections = [
        f"# {_plain(run.folder.name)}",
        _lead(run, result, answers),
        _confusions(answers),
        "## How it was trained",
        _training(run, result),
        "![Accuracy, loss and learning rate by epoch](curves.png)",
        "## Classes",
        _classes(answers),
        "![Confusion matrix of the test images](confusion.png)",
        *_escaped(answers.test.labels),
        "## Examples",
        "![Test images with the net's answers](samples.png)",
        *_mistakes(answers),
        "## How sure it is",
        _confidence(result, answers),
        "![How often answers of each confidence are right](reliability.png)",
        "## Repeat it",
        _repeat(run),
        "## Next",
        _next(run),
    ]
    return "\n\n".join(sections) + "\n"


def _lead(run: Run, result: Result, answers: Answers) -> str:
    low, high = result.test_interval
    most = answers.matrix.sum(axis=1).max() / result.test_images
    return (
        f"The `{run.recipe.net}` net ({result.parameters:,} parameters), trained on {_plain(run.data['name'])}, "
        f"classifies **{result.test_accuracy:.2%}** of {result.test_images:,} test images correctly "
        f"(95 % interval {low:.2%} - {high:.2%}). Always naming the most frequent class would score {most:.1%}."
    )


def _confusions(answers: Answers) -> str:
    """Say in a sentence or two which classes are mixed up most, and which are found best and worst."""
    matrix, labels = answers.matrix, answers.labels
    between = np.triu(matrix + matrix.T, 1)
    wrong = int(between.sum())
    if not wrong:
        return "It made no mistake on them."
    first, second = np.unravel_index(between.argmax(), between.shape)
    if matrix[first, second] < matrix[second, first]:
        first, second = second, first
    a, b = labels[first], labels[second]
    mixed = (
        f"It confuses {a} and {b} most, in {between.max():,} of its {wrong:,} mistakes: {a} was taken for {b} "
        f"{_times(matrix[first, second])}, {b} for {a} {_times(matrix[second, first])}."
    )
    shown = np.flatnonzero(matrix.sum(axis=1))  # a class may have no test images
    if len(shown) <= 2:
        return mixed
    recall = np.diag(matrix)[shown] / matrix.sum(axis=1)[shown]
    best, worst = labels[shown[recall.argmax()]], labels[shown[recall.argmin()]]
    return (
        f"{mixed} Of its classes it recognises {best} best ({recall.max():.1%}) and {worst} worst ({recall.min():.1%})."
    )


def _times(count: int) -> str:
    return {0: "never", 1: "once", 2: "twice"}.get(count, f"{count:,} times")


def _training(run: Run, result: Result) -> str:
    splits, planned = run.data["splits"], run.recipe.epochs
    epochs = f"{planned} epoch{'s' * (planned > 1)}"
    if result.epochs < planned:
        epochs = f"{result.epochs} of at most {planned} epochs, when it was stopped early,"
    head = run.recipe.head_epochs
    staged = f"In the first {head} of them only the last layer learned, on features computed once. " if head else ""
    return (
        f"It was trained for {epochs} on {splits['train']['n']:,} images, which took {_duration(result.seconds)}. "
        f"{staged}The weights kept are those of the {run.recipe.keep} epoch, {result.best_epoch} "
        f"({result.val_accuracy:.2%} of {splits['val']['n']:,} validation images); the test images were read "
        "once, at the end."
        f"{_unusual(run.recipe)}"
    )


def _unusual(recipe: Recipe) -> str:
    """Return a sentence on what differs from the default recipe, the data and the net aside."""
    usual = asdict(Recipe())
    changed = {name: value for name, value in asdict(recipe).items() if value != usual[name]}
    named = [f"`{name}` {_plain(str(value))}" for name, value in changed.items() if name not in ("data", "net")]
    return f" Unlike in the default recipe: {', '.join(named)}." if named else ""


def _duration(seconds: float) -> str:
    return f"{seconds:.0f} seconds" if seconds < 120 else f"{seconds / 60:.0f} minutes"


def _classes(answers: Answers) -> str:
    """Return the table of classes, worst first when there are too many to show all."""
    metrics = list(per_class(answers.matrix, answers.test.labels).values())
    shown, note = list(range(len(metrics))), "All figures are of the test images."
    if len(metrics) > ALL_CLASSES:
        order = sorted(shown, key=lambda i: metrics[i].f1)
        shown = [*order[:WORST], *order[-BEST:]]
        note = f"The {WORST} worst and the {BEST} best of {len(metrics)} classes by F1, on the test images."
    rows = [
        "| class | images | precision | recall | F1 | most often taken for |",
        "|---|---:|---:|---:|---:|---|",
        *(_class_row(answers, i, metrics[i]) for i in shown),
    ]
    return "\n".join([note, "", *rows])


def _class_row(answers: Answers, index: int, metrics: ClassMetrics) -> str:
    others = answers.matrix[index].copy()
    others[index] = 0
    taken_for = f"{answers.labels[others.argmax()]} ({others.max():,})" if others.any() else ""
    return (
        f"| {answers.labels[index]} | {metrics.support:,} | {metrics.precision:.1%} | {metrics.recall:.1%} "
        f"| {metrics.f1:.1%} | {taken_for} |"
    )


def _escaped(labels: Sequence[str]) -> Iterator[str]:
    """Yield a sentence on the class names that the pictures can't show as they are, if there are any."""
    shown = [f"{_plain(label)} as {_plain(escaped(label))}" for label in labels if escaped(label) != label]
    if shown:
        more = f" and {len(shown) - LISTED} more" if len(shown) > LISTED else ""
        yield f"In the pictures, for want of a font with all of their letters: {', '.join(shown[:LISTED])}{more}."


def _mistakes(answers: Answers) -> Iterator[str]:
    """Yield the picture and the list of the mistakes it is surest of, if it made any."""
    if not len(answers.mistakes):
        return
    yield "The wrong answers that it is surest of come first; in photos of your own, wrong labels collect here."
    yield "![The most confident mistakes](mistakes.png)"
    rows = ["| image | shows | answer | confidence |", "|---|---|---|---:|"]
    for index in answers.mistakes[:LISTED]:
        probabilities = answers.probabilities[index]
        shows, answer = answers.labels[answers.test.targets[index]], answers.labels[probabilities.argmax()]
        rows.append(f"| {_plain(answers.test.ids[index])} | {shows} | {answer} | {probabilities.max():.1%} |")
    yield "\n".join(rows)


def _confidence(result: Result, answers: Answers) -> str:
    confidence = answers.probabilities.max(axis=1)
    right = answers.probabilities.argmax(axis=1) == answers.test.targets
    gap = float(confidence.mean()) - result.test_accuracy
    verdict = "about what it should be" if abs(gap) < 0.01 else "too sure of itself" if gap > 0 else "too modest"
    text = (
        f"Its confidence is {confidence.mean():.1%} on average, and {result.test_accuracy:.1%} of its answers are "
        f"right: {verdict}. The expected calibration error is {100 * result.calibration_error:.1f} points; exporting "
        "fits a temperature on validation images that lowers it."
    )
    sure = confidence >= SURE
    if sure.any():
        text += (
            f" It gives {sure.mean():.1%} of its answers with a confidence of {SURE:.0%} or more; "
            f"{right[sure].mean():.1%} of those are right."
        )
    return text


def _repeat(run: Run) -> str:
    versions = ", ".join(f"{name} {value}" for name, value in run.versions.items() if "sha256" not in name)
    return (
        f"{_commands(f'edge-cifar train --config {_path(run)}/{RECIPE}')}\n\n"
        "With the same data, versions and number of threads a CPU repeats it bit for bit. "
        f"`config.json` holds the hashes of the data and what it ran on: {_plain(versions)}."
    )


def _next(run: Run) -> str:
    return _commands(
        f"edge-cifar export {_path(run)} --quantize  # ONNX files for a device, fp32 and int8",
        f"edge-cifar predict --model {_path(run)}/model.int8.onnx PHOTO",
        f"edge-cifar compare {_path(run)} OTHER_RUN",
    )


def _commands(*lines: str) -> str:
    return "\n".join(["```sh", *lines, "```"])


def _path(run: Run) -> str:
    return shlex.quote(str(run.folder))


def _plain(text: str) -> str:
    """Return `text` with what Markdown would read as markup escaped."""
    return re.sub(r"([\\`*{}<>\[\]|#~]|\b_|_\b)", r"\\\1", text)
