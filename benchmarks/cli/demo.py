"""`edge-cifar demo`: the main job from training to a report, by the commands that a user would type."""

import json
import shlex
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from ...edge.data.synthetic_shapes import write_photos
from ...edge.errors import RunError
from ...edge.files.atomic_write import write_text
from ...edge.files.own_mark import is_own
from ...edge.model.shipped_models import SHIPPED_DEFAULT
from ...edge.report.run_history import METRICS
from ..report.demo_page import Findings, demo_page

EPOCHS = 10  # enough for more than 95 % on validation
PHOTO_SEED = 3  # rendered unlike any image of the dataset (seeds 0 and 1)
MARKER = ".edge-cifar-demo"  # a file that says whose folder this is
RUN, PHOTOS, REPORT = "run", "photos", "report.html"


@dataclass(frozen=True)
class Step:
    """A command that was run: its words as typed, its duration, and the JSON objects that it printed."""

    command: str
    seconds: float
    printed: tuple[dict[str, Any], ...]


def demo(
    out: Annotated[
        Path, typer.Option(metavar="DIR", help="Write the run, the photos and the report to this folder.")
    ] = Path("demo"),
) -> None:
    """Run everything once; see `edge-cifar demo --help`."""
    prepare(out)
    fp32, int8 = out / RUN / "model.fp32.onnx", out / RUN / "model.int8.onnx"
    synthetic = ("--data", "synthetic")
    train = run_step("train", *synthetic, "--epochs", EPOCHS, "--out", out / RUN)
    export = run_step("export", out / RUN, "--quantize")
    verify = run_step("verify", int8)
    evaluate = run_step("evaluate", int8, *synthetic)
    benchmark = run_step("benchmark", fp32, int8, *synthetic)
    write_photos(out / PHOTOS, per_label=1, seed=PHOTO_SEED)
    answers = [run_step("predict", out / PHOTOS, "--model", model) for model in _models(int8)]
    findings = Findings(
        commands=tuple((step.command, step.seconds) for step in (train, export, verify, evaluate, benchmark, *answers)),
        train=train.printed[0],
        verify=verify.printed[0],
        evaluate=evaluate.printed[0],
        benchmark=benchmark.printed[0],
        photos=tuple(zip(*(step.printed for step in answers), strict=True)),
    )
    write_text(out / REPORT, demo_page(findings))
    typer.echo(out / REPORT)


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


def run_step(*arguments: object) -> Step:
    """Run `edge-cifar ARGUMENTS --json`, its words passing to stderr. Raises RunError, naming it, when it fails."""
    words = [*map(str, arguments), "--json"]
    command = shlex.join(["edge-cifar", *words])
    typer.echo(f"$ {command}", err=True)
    started = time.perf_counter()
    process = subprocess.run(
        [sys.executable, "-m", "edge_cifar.edge", *words], stdout=subprocess.PIPE, text=True, check=False
    )
    if process.returncode:
        raise RunError(f"the step {words[0]!r} failed (exit {process.returncode}), see above: {command}")
    printed = tuple(json.loads(line) for line in process.stdout.splitlines())
    return Step(command, time.perf_counter() - started, printed)


def _models(fresh: Path) -> list[Path]:
    """Return the models that the photos are shown to: the fresh one and, where there is one, the shipped one."""
    if SHIPPED_DEFAULT.exists():
        return [fresh, SHIPPED_DEFAULT]
    typer.echo("no shipped model in this installation: the photos go to the fresh one only", err=True)
    return [fresh]
