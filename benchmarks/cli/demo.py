"""`edge-cifar demo`: the main job from training to a report, by the commands that a user would type."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from ...edge.data.synthetic_shapes import write_photos
from ...edge.errors import RunError
from ...edge.files.atomic_write import write_text
from ...edge.files.own_mark import is_own
from ...edge.model.shipped_models import SHIPPED_DEFAULT
from ...edge.report.run_history import METRICS
from ..report import demo_story as story
from ..report.demo_page import Findings, demo_page
from .demo_step import Step, run_step

EPOCHS = 6  # enough for more than 95 % on validation
ROUNDS = 15  # of the benchmark: enough to tell how much faster int8 is
PHOTO_SEED = 3  # rendered unlike any image of the dataset (seeds 0 and 1)
MARKER = ".edge-cifar-demo"  # a file that says whose folder this is
RUN, PHOTOS, REPORT = "run", "photos", "report.html"


def demo(
    out: Annotated[
        Path, typer.Option(metavar="DIR", help="Write the run, the photos and the report to this folder.")
    ] = Path("demo"),
) -> None:
    """Run everything once; see `edge-cifar demo --help`."""
    prepare(out)
    typer.echo(
        "A net learns ten rendered shapes, and what becomes of it on a CPU: about a minute on two cores.\n", err=True
    )
    fp32, int8 = out / RUN / "model.fp32.onnx", out / RUN / "model.int8.onnx"
    synthetic = ("--data", "synthetic")
    train = _tell(story.trained, "train", *synthetic, "--epochs", EPOCHS, "--out", out / RUN)
    export = _tell(story.exported, "export", out / RUN, "--quantize")
    verify = _tell(story.verified, "verify", int8)
    evaluate = _tell(story.evaluated, "evaluate", int8, *synthetic)
    benchmark = _tell(story.benchmarked, "benchmark", fp32, int8, *synthetic, "--rounds", ROUNDS)
    write_photos(out / PHOTOS, per_label=1, seed=PHOTO_SEED)
    answers = [_tell(story.named, "predict", out / PHOTOS, "--model", int8)]
    if SHIPPED_DEFAULT.exists():
        answers.append(_tell(story.shown_strange_things, "predict", out / PHOTOS))
    findings = Findings(
        commands=tuple((step.command, step.seconds) for step in (train, export, verify, evaluate, benchmark, *answers)),
        train=train.printed[0],
        verify=verify.printed[0],
        evaluate=evaluate.printed[0],
        benchmark=benchmark.printed[0],
        photos=tuple(zip(*(step.printed for step in answers), strict=True)),
    )
    write_text(out / REPORT, demo_page(findings))
    typer.echo("\nThe page with all of it, for any browser:", err=True)
    typer.echo(out / REPORT)


def _tell(teller: Callable[[tuple[dict[str, Any], ...]], str], *arguments: object) -> Step:
    """Run a command, and say in a line what came of it."""
    step = run_step(*arguments)
    typer.echo(f"  {teller(step.printed)}", err=True)
    return step


def prepare(out: Path) -> None:
    """Make `out`, or empty it of an earlier demo's run and photos.

    Raises RunError, with nothing deleted, when it holds anything but a demo, or something was added to one.
    """
    if out.exists() and not (out / MARKER).exists() and (not out.is_dir() or any(out.iterdir())):
        raise RunError(f"{out}: holds something other than a demo; choose another --out")
    earlier = [out / name for name in (RUN, PHOTOS) if (out / name).exists()]
    if added := next((path for folder in earlier for path in folder.rglob("*") if _was_added(path)), None):
        raise RunError(f"{added}: is no file of the demo's and would be deleted; move it away")
    write_text(out / MARKER, "edge-cifar demo made this folder and replaces run/, photos/ and report.html in it.\n")
    for folder in earlier:
        shutil.rmtree(folder)


def _was_added(path: Path) -> bool:
    """Return whether somebody put a file, with anything in it, into a folder of the demo's."""
    return bool(not path.is_dir() and path.lstat().st_size and path.name != METRICS and not is_own(path))
