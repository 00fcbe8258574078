"""`python -m edge_cifar.benchmarks.portability.conformance`: whether a model answers alike on every CPU, to the bit.

Each CPU decodes the same photos and runs the same files, with the newest packages and with the oldest that this
project accepts; where Node.js and onnxruntime-web are (`edge-cifar web --runtime`), WebAssembly is one more. All is
compared with the first: the host, with the first of --ort. int8 files must give identical bits everywhere if that is
what their cards promise, other files are only measured, and a full-range int8 file (--control) must be caught.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from itertools import chain
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import numpy as np
import typer

from ...edge.cli.exit_status import reporting
from ...edge.errors import EdgeCifarError
from ...edge.files.atomic_write import file_sha256, write_json, write_text
from ...edge.machine.description import this_machine
from ...edge.model.contract import Model
from ...edge.model.shipped_models import FAMILY, SHIPPED_FP32, model_file
from ...edge.photos.contract import read_photo
from ..browser import webassembly
from .conformance_photos import JPEGS, choose_photos, describe_photos
from .conformance_report import (
    CONTROL_KIND,
    WEBASSEMBLY,
    Answer,
    Failure,
    Row,
    Shown,
    compare,
    kind_of,
    markdown,
    problems,
    tables,
)
from .emulated import (
    ALL_CPUS,
    BOTH_STACKS,
    CpusOption,
    FetchOption,
    OrtOption,
    OutOption,
    conclude,
    each_cpu,
    make_ready,
    run_child,
    say,
)
from .emulators import qemu_version

SCHEMA = 2  # of the JSON; raised when a key changes its meaning or goes away
CHILD = "edge_cifar.benchmarks.portability.conformance_child"
CONTROL = "control/full-range.int8.onnx"


def conformance(
    models: Annotated[
        list[Path] | None,
        typer.Argument(metavar="MODEL", parser=model_file, help="Model files; the shipped ones if none is named."),
    ] = None,
    data: Annotated[
        str | None,
        typer.Option(help="Folder or table of photos whose test images are shown, too; without it all are rendered."),
    ] = None,
    images: Annotated[int, typer.Option(help=f"Photos, of which {JPEGS} or more are rendered JPEGs.", min=1)] = 200,
    cpus: CpusOption = ALL_CPUS,
    ort: OrtOption = BOTH_STACKS,
    control: Annotated[
        Path | None, typer.Option(help="fp32 file to make a full-range int8 file of, which must be caught.")
    ] = None,
    fetch: FetchOption = False,
    out: OutOption = None,
) -> None:
    """Run models on emulated CPUs and compare their answers, bit for bit."""
    names, stacks = make_ready(cpus, ort, fetch, out)
    with TemporaryDirectory() as work:
        photos = choose_photos(Path(work) / "photos", data, images)
        kinds = {
            path: kind_of(Model(path).card) for path in models or [SHIPPED_FP32, *(model_file(name) for name in FAMILY)]
        }
        if control:
            kinds[make_control(control, photos, Path(work) / CONTROL)] = CONTROL_KIND
        shown = Shown(describe_photos(photos, data), {_name(path): file_sha256(path) for path in kinds})
        if missing := webassembly.why_not():
            say(f"{WEBASSEMBLY} is left out: {missing}")
        rows, failures = measure(names, stacks, kinds, photos, in_webassembly=not missing)
    found = problems(rows, failures)
    if out:
        write_report(out, shown, rows, failures)
    conclude(tables(rows), found)


def make_control(fp32: Path, photos: Sequence[Path], path: Path) -> Path:
    """Write the control to `path`, calibrated on `photos`, and return it. Raises EdgeCifarError, ModelError."""
    try:
        from .full_range import write_full_range
    except ModuleNotFoundError as error:
        raise EdgeCifarError(
            f"--control: {error.name} is not installed; run: pip install 'edge-cifar[train]'"
        ) from error
    wanted = Model(fp32).card.preprocessing
    write_full_range(fp32, np.stack([read_photo(photo, wanted) for photo in photos]), path)
    return path


def measure(
    names: Sequence[str],
    stacks: Sequence[str],
    kinds: Mapping[Path, str],
    photos: Sequence[Path],
    in_webassembly: bool = False,
) -> tuple[list[Row], list[Failure]]:
    """Ask every CPU with every stack, then WebAssembly, and compare with the first.

    Raises EdgeCifarError when the first fails.
    """
    rows: list[Row] = []
    failures: list[Failure] = []
    reference: list[Answer] = []
    others = [(WEBASSEMBLY, webassembly.STACK)] if in_webassembly else []
    for name, stack in chain(each_cpu(names, stacks), others):
        try:
            versions, answers = ask(name, stack, list(kinds), photos)
        except EdgeCifarError as error:
            if not reference:
                raise
            failures.append(Failure(name, stack, str(error)))
            continue
        reference = reference or answers
        rows += [
            Row(name, stack, versions, _name(path), kind, compare(answer, expected))
            for (path, kind), answer, expected in zip(kinds.items(), answers, reference, strict=True)
        ]
    return rows, failures


def ask(name: str, stack: str, models: Sequence[Path], photos: Sequence[Path]) -> tuple[dict[str, str], list[Answer]]:
    """Return a CPU's package versions and its answer for each model. Raises EdgeCifarError when it fails."""
    if name == WEBASSEMBLY:
        versions, answers = webassembly.ask(models, photos)
        return versions, [Answer(*answer) for answer in answers]
    with TemporaryDirectory() as work:
        folder = Path(work)
        request = {
            "models": [str(path.resolve()) for path in models],
            "photos": [str(path.resolve()) for path in photos],
        }
        write_json(folder / "request.json", request)
        run_child(name, stack, folder, CHILD)
        answer = json.loads((folder / "answer.json").read_text())
        logits = [np.load(folder / f"logits-{i}.npy", allow_pickle=False) for i in range(len(models))]
    return answer["versions"], [Answer(*pair) for pair in zip(logits, answer["pixels_sha256"], strict=True)]


def write_report(path: Path, shown: Shown, rows: Sequence[Row], failures: Sequence[Failure]) -> None:
    """Write all that was found as JSON to `path`, and as Markdown beside it."""
    machine, qemu, found = this_machine(), qemu_version(), problems(rows, failures)
    report = {
        "schema": SCHEMA,
        "machine": asdict(machine),
        "qemu": qemu,
        **asdict(shown),
        "rows": [asdict(row) for row in rows],
        "failures": [asdict(failure) for failure in failures],
        "problems": found,
    }
    write_json(path, report)
    facts = {"host": machine.cpu, "system": machine.system, "qemu": qemu, "date": machine.date}
    write_text(path.with_suffix(".md"), markdown({**facts, **shown.facts()}, found, rows))


def _name(model: Path) -> str:
    return f"{model.parent.name}/{model.name}"


if __name__ == "__main__":
    typer.run(reporting("conformance")(conformance))
