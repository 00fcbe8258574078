"""What is written when training ends: the test result, the plots and a page that reads from top to bottom."""

from dataclasses import asdict, dataclass

from ..edge.files import write_bytes, write_json, write_text
from ..edge.labelled import LabelledImages
from ..edge.metrics import Indices, accuracy, confusion_matrix, per_class
from . import plots
from .nets import count_parameters
from .run import RESULT, Run


@dataclass(frozen=True)
class Result:
    """What a run came to. The best epoch was chosen on validation; the test set was read once, after it."""

    best_epoch: int
    val_accuracy: float
    test_accuracy: float
    test_images: int
    parameters: int
    seconds: float


def write_curves(run: Run) -> None:
    """Write `curves.png` from the epochs so far."""
    write_bytes(run.folder / "curves.png", plots.curves(run.history()))


def write_report(run: Run, test: LabelledImages, predicted: Indices) -> Result:
    """Write `result.json`, `confusion.png`, `curves.png` and `report.md`; `predicted` is int64 (N,)."""
    history = run.history()
    best_epoch, val_accuracy = run.best_epoch()
    matrix = confusion_matrix(test.targets, predicted, len(test.labels))
    result = Result(
        best_epoch=best_epoch,
        val_accuracy=val_accuracy,
        test_accuracy=accuracy(matrix),
        test_images=len(test),
        parameters=count_parameters(run.load_net()),
        seconds=round(sum(row["seconds"] for row in history), 1),
    )
    write_json(run.folder / RESULT, asdict(result))
    write_curves(run)
    title = f"{run.folder.name}: {result.test_accuracy:.2%} of {len(test)} test images"
    write_bytes(run.folder / "confusion.png", plots.confusion(matrix, test.labels, title))
    write_text(run.folder / "report.md", _page(run, result, matrix))
    return result


def _page(run: Run, result: Result, matrix: Indices) -> str:
    recipe, splits = run.recipe, run.data["splits"]
    lines = [
        f"# {run.folder.name}",
        "",
        f"The `{recipe.net}` net ({result.parameters:,} parameters) classifies **{result.test_accuracy:.2%}** of "
        f"{result.test_images:,} test images of {run.data['name']} correctly.",
        "",
        f"It was trained for {recipe.epochs} epochs on {splits['train']['n']:,} images "
        f"({result.seconds / 60:.1f} minutes). "
        f"Epoch {result.best_epoch} was the best on {splits['val']['n']:,} validation images "
        f"({result.val_accuracy:.2%}); "
        "its weights were kept, and the test images were read once, at the end.",
        "",
        "![loss and accuracy by epoch](curves.png)",
        "",
        "## Classes (test images)",
        "",
        "| class | precision | recall | F1 | support |",
        "|---|---:|---:|---:|---:|",
    ]
    for label, metrics in per_class(matrix, run.labels).items():
        lines.append(
            f"| {label} | {metrics.precision:.1%} | {metrics.recall:.1%} | {metrics.f1:.1%} | {metrics.support} |"
        )
    lines += [
        "",
        "![confusion matrix](confusion.png)",
        "",
        "`config.json` holds the recipe, the hashes of the data and the versions: enough to repeat the run.",
        "",
    ]
    return "\n".join(lines)
