"""`edge-cifar compare`: runs side by side, what they came to and where their recipes differ."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from ...edge.cli.options import AsJson
from ...edge.errors import RunError, printable
from ...edge.files.atomic_write import write_bytes
from ..runs.run_summary import Contender, Entry, read_entry

HEADER = ("run", "net", "parameters", "data", "val (epoch kept)", "test (95 % interval)", "epochs", "minutes")
NUMBERS = (2, 6, 7)  # columns of the table, set to the right


def compare(
    runs: Annotated[list[Path], typer.Argument(metavar="RUN...", help="Run folders.")],
    out: Annotated[
        Path | None, typer.Option(metavar="PNG", help="Draw the validation accuracies into this PNG file.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Put runs side by side; see `edge-cifar compare --help`."""
    if out is not None and out.suffix.lower() != ".png":
        raise typer.BadParameter(f"{out}: the plot is a PNG file; end its name in .png", param_hint="--out")
    entries, failures = [], []
    for folder, name in zip(runs, _names(runs), strict=True):
        try:
            entries.append(read_entry(folder, name))
        except RunError as error:
            failures.append(str(error))
    if entries:
        _print(entries, as_json)
        if out is not None:
            _draw(entries, out)
    if failures:
        raise RunError("; ".join(failures))


def differences(entries: Sequence[Entry]) -> dict[str, list[Any]]:
    """Return the settings that are not the same in all runs, with the value of each; None where a run has none."""
    names = dict.fromkeys(name for entry in entries for name in entry.settings)
    values = {name: [entry.settings.get(name) for entry in entries] for name in names}
    return {name: row for name, row in values.items() if any(value != row[0] for value in row)}


def _names(runs: Sequence[Path]) -> list[str]:
    """Return the names of the folders, or their whole paths where names occur twice."""
    names = [run.resolve().name for run in runs]
    return names if len(set(names)) == len(names) else [str(run) for run in runs]


def _print(entries: Sequence[Entry], as_json: bool) -> None:
    differing = differences(entries)
    if as_json:
        comparable = {split: f"{split} images" not in differing for split in ("val", "test")}
        contenders = [asdict(entry.contender) for entry in entries]
        typer.echo(json.dumps({"runs": contenders, "differences": differing, "comparable": comparable}))
        return
    rows = [HEADER, *(_row(entry.contender) for entry in entries)]
    typer.echo("\n".join(_aligned(rows, NUMBERS)))
    if differing:
        names = ["what differs", *(entry.contender.run for entry in entries)]
        settings = [[name, *("-" if value is None else str(value) for value in row)] for name, row in differing.items()]
        typer.echo("\n" + "\n".join(_aligned([names, *settings], ())))
    for split, accuracies in (("val", "validation"), ("test", "test")):
        if f"{split} images" in differing:
            typer.echo(f"the {accuracies} accuracies are not comparable: they are of different images", err=True)


def _row(contender: Contender) -> tuple[str, ...]:
    epochs, planned = contender.epochs, contender.epochs_planned
    test = "unfinished"
    if contender.test_accuracy is not None and contender.test_interval is not None:
        test = "{:.2%} ({:.2%} - {:.2%})".format(contender.test_accuracy, *contender.test_interval)
    kept = "-" if contender.best_epoch is None else f"{contender.val_accuracy:.2%} ({contender.best_epoch})"
    return (
        contender.run,
        contender.net,
        "-" if contender.parameters is None else f"{contender.parameters:,}",
        contender.data,
        kept,
        test,
        str(epochs) if epochs == planned else f"{epochs} of {planned}",
        f"{contender.seconds / 60:.1f}",
    )


def _aligned(rows: Sequence[Sequence[str]], right: Sequence[int]) -> Iterator[str]:
    """Yield rows as lines with columns of equal width, those in `right` set to the right."""
    cells = [[printable(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    for row in cells:
        line = (
            cell.rjust(width) if i in right else cell.ljust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        yield "  ".join(line).rstrip()


def _draw(entries: Sequence[Entry], out: Path) -> None:
    from ..report.plots import comparison  # matplotlib, slow to import

    drawn: list[tuple[str, Sequence[Mapping[str, float]]]] = [
        (entry.contender.run, entry.history) for entry in entries if entry.history
    ]
    if not drawn:
        raise RunError(f"{out}: not drawn, since none of these runs has finished an epoch")
    write_bytes(out, comparison(drawn))
