"""`edge-cifar watch`: classify the photos that arrive in a folder, for as long as it is left running."""

import json
import os
import time
from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from ..errors import DataError, EdgeCifarError
from ..files.being_written import ignore_leases, is_being_written
from ..inference.classifier import Classifier
from ..inference.prediction import TOP, Result
from ..machine.cores import usable_cores
from ..model.shipped_models import default_model
from ..results.line_file import LockedFile
from ..results.resume_index import Found, read_hashes
from ..results.rows import JSON_START, JsonLines, Origin, Row, origin_of, row
from ..stream.arrivals import Arrival, Arrivals, version_name
from ..stream.classify_stream import Draw, classify_many
from ..stream.find_photos import Entry
from ..stream.result_hook import Hook
from .exit_status import ending_on_sigterm
from .options import RESULTS, Annotate, Glob, Jobs, ModelOption, Recursive, Threshold, Top
from .output import write_lines

PATIENCE = 30  # looks until a file that can't be read is believed to be complete all the same
REST = 10  # times the duration of a look is waited until the next, so that a huge folder takes a tenth of a core

INTERVALS = 0.01, 86_400  # seconds; an end that no clock reaches would be a fault of its own


def _interval(value: float) -> float:
    if not INTERVALS[0] <= value <= INTERVALS[1]:  # nor is it NaN
        raise typer.BadParameter(f"{value:g} is not in the range {INTERVALS[0]}<=x<={INTERVALS[1]}.")
    return value


def watch(
    folder: Annotated[str, typer.Argument(metavar="FOLDER", help="Folder that photos arrive in.")],
    recursive: Recursive = False,
    glob: Glob = None,
    interval: Annotated[
        float,
        typer.Option(
            help="Seconds between two looks; a file that stays the same is complete.", callback=_interval, metavar="X"
        ),
    ] = 1.0,
    jobs: Jobs = None,
    model: ModelOption = None,
    top: Top = TOP,
    threshold: Threshold = None,
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Append lines of JSON to this file, and leave out the photos that are in it.",
            rich_help_panel=RESULTS,
        ),
    ] = None,
    annotate: Annotate = None,
    command: Annotated[
        str | None,
        typer.Option("--exec", metavar="COMMAND", help="Run a command for each photo, its line of JSON on stdin."),
    ] = None,
) -> None:
    """Print a line of JSON for each photo; see `edge-cifar watch --help`."""
    if not os.path.isdir(folder):  # noqa: PTH112, an empty name is no folder
        raise DataError((folder or '""') + ": no such folder; make it first")
    hook = Hook(command) if command is not None else None
    classifier = Classifier(model or default_model(), threshold=threshold)
    if model is None:
        typer.echo(f"model: {classifier.model.path}", err=True)
    origin = origin_of(classifier, top)
    reported: Iterable[int] = ()
    write = _to_stdout
    with ExitStack() as stack:
        if out:
            # A file that can't be written is better known now than with the first photo.
            file = stack.enter_context(closing(LockedFile(out)))
            file.repair(found := _earlier(out, origin))
            reported, write = found.hashes, file.append
        watching = Watching(
            Arrivals(folder, recursive, glob, reported, own=filter(None, (out, annotate))),
            partial(classify_many, classifier, top=top, jobs=jobs or usable_cores(), draws=_draws(annotate)),
            write,
            origin,
            interval,
            hook,
        )
        ignore_leases()
        stack.enter_context(ending_on_sigterm(0))  # being stopped is how it ends well
        watching.run()


@dataclass
class Watching:
    """Looks, classifies, writes, rests, and goes on whatever happens to the folder or to the file it writes."""

    arrivals: Arrivals
    classify: Callable[[Iterable[Entry]], Generator[Sequence[Result], None, None]]
    write: Callable[[Sequence[str]], None]
    origin: Origin
    interval: float  # seconds between two looks, at least
    hook: Callable[[str], object] | None = None
    clock: Callable[[], float] = time.monotonic  # seconds
    _unreadable: frozenset[str] = frozenset()  # names of versions that could not be read, and may not be complete
    _said: frozenset[str] = frozenset()  # what went wrong at the last look

    def run(self) -> NoReturn:
        """Look for ever."""
        while True:
            time.sleep(self.look())

    def look(self) -> float:
        """Look once; return the seconds to rest. What goes wrong is said on stderr once, until it goes well again."""
        started = self.clock()
        found, troubles = self.arrivals.look()
        seconds = self.clock() - started
        troubles += self.report(found)
        for trouble in dict.fromkeys(troubles):
            if trouble not in self._said:
                typer.echo(f"edge-cifar watch: {trouble}", err=True)
        self._said = frozenset(troubles)
        return max(self.interval, REST * seconds)

    def report(self, found: Sequence[Arrival]) -> list[str]:
        """Classify what is complete, and write it down; return what went wrong. What isn't written is tried again."""
        troubles: list[str] = []
        try:
            self._report(found, troubles)
        except EdgeCifarError as error:
            troubles.append(str(error))
        except MemoryError:
            troubles.append("not enough memory")
        return troubles

    def _report(self, found: Sequence[Arrival], troubles: list[str]) -> None:
        complete = {arrival.path: arrival for arrival in found if arrival.seconds >= self._wait(arrival)}
        unreadable = {arrival.name for arrival in found if arrival.name in self._unreadable}
        with closing(self.classify(map(Entry, complete))) as classified:
            for results in classified:
                reported = []
                for result in results:
                    arrival = complete[str(result.source)]
                    if not result.ok and arrival.name not in self._unreadable:
                        unreadable.add(arrival.name)
                    else:
                        reported.append((arrival, result))
                lines = [_json_line(arrival, result, self.origin) for arrival, result in reported]
                if reported:
                    self.write(lines)
                for arrival, _ in reported:
                    self.arrivals.report(arrival)
                troubles += self._run_hook(lines)
        self._unreadable = frozenset(unreadable)

    def _wait(self, arrival: Arrival) -> float:
        """Return the seconds after which a file that stays the same is complete."""
        slow = arrival.name in self._unreadable or (arrival.seconds >= self.interval and is_being_written(arrival.path))
        return self.interval * (PATIENCE if slow else 1)

    def _run_hook(self, lines: Sequence[str]) -> list[str]:
        troubles: list[str] = []
        if self.hook is None:
            return troubles
        for line in lines:
            try:
                self.hook(line)
            except EdgeCifarError as error:
                troubles.append(str(error))
        return troubles


def _draws(annotate: Path | None) -> list[Draw]:
    if annotate is None:
        return []
    from ..results.annotated_photo import (  # here, since a start without it need not load it
        annotated_path,
        write_annotated,
    )
    from ..results.picture_file import check_folder

    check_folder(annotate)
    return [lambda path, photo, prediction: write_annotated(photo, prediction, annotated_path(annotate, path))]


def _to_stdout(lines: Sequence[str]) -> None:
    """Write lines; that nobody reads them any more is no good end for what should run for ever."""
    try:
        write_lines(lines)
    except BrokenPipeError as error:
        typer.echo("edge-cifar watch: stdout: its reader went away", err=True)
        raise typer.Exit(1) from error


def _json_line(arrival: Arrival, result: Result, origin: Origin) -> str:
    version = {
        "path": arrival.path,
        "size": arrival.size,
        "mtime_ns": arrival.mtime_ns,
        "version": arrival.version,
    }
    return json.dumps(version | row(result, origin))


def _earlier(out: Path, origin: Origin) -> Found:
    """Return what a file holds; say so if its last result comes from elsewhere than `origin`, which each line names."""
    last: Row = {}

    def name_in(line: str) -> str:
        values = json.loads(line)
        name = version_name(values["path"], values["size"], values["mtime_ns"])
        last.clear()
        last.update(JsonLines(origin).row_in(line))
        return name

    found = read_hashes(out, name_in, JSON_START)
    if last and (other := origin.difference(last)):
        typer.echo(f"edge-cifar watch: {out}: goes on, though its last result was {other}", err=True)
    return found
