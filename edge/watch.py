"""`edge-cifar watch`: classify the photos that arrive in a folder, for as long as it is left running."""

import json
import time
from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from .arrivals import Arrival, Arrivals, version_name
from .classifier import Classifier
from .cores import usable_cores
from .done import read_hashes
from .errors import DataError, EdgeCifarError, PhotoError
from .line_file import LockedFile
from .many import classify_many
from .output import write_lines
from .reporting import ending_on_sigterm
from .results import JSON_START, Origin, Result, Results, origin_of, row
from .search import Entry
from .shipped import DEFAULT_HELP, model_file

PATIENCE = 30  # looks until a file that can't be read is believed to be complete all the same
REST = 10  # times the duration of a look is waited until the next, so that a huge folder takes a tenth of a core


def watch(
    folder: Annotated[str, typer.Argument(metavar="FOLDER", help="Folder that photos arrive in.")],
    model: Annotated[Path | None, typer.Option(help=DEFAULT_HELP, parser=model_file, metavar="MODEL")] = None,
    top: Annotated[int, typer.Option(help="How many labels to show.", min=1)] = 3,
    recursive: Annotated[bool, typer.Option("--recursive", "-r", help="Watch its subfolders too.")] = False,
    glob: Annotated[str | None, typer.Option(help="Files to take, as '*.jpg'.  [default: photos]")] = None,
    out: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Append the lines to a file, and leave out the photos that are in it."),
    ] = None,
    interval: Annotated[
        float, typer.Option(help="Seconds between two looks; a file that stays the same is complete.", min=0.01)
    ] = 1.0,
) -> None:
    """Print a line of JSON for each photo; see `edge-cifar watch --help`."""
    if not Path(folder).is_dir():
        raise DataError(f"{folder}: no such folder; make it first")
    classifier = Classifier(model, threads=1)
    if model is None:
        typer.echo(f"model: {classifier.model.path}", err=True)
    reported: Iterable[int] = ()
    write = write_lines
    with ExitStack() as stack:
        if out:
            # A file that can't be written is better known now than with the first photo.
            file = stack.enter_context(closing(LockedFile(out)))
            found = read_hashes(out, _name_in, JSON_START)
            file.repair(found)
            reported, write = found.hashes, file.append
        watching = Watching(
            Arrivals(folder, recursive, glob, reported),
            partial(classify_many, classifier, top=top, jobs=usable_cores()),
            write,
            origin_of(classifier, top),
            interval,
        )
        stack.enter_context(ending_on_sigterm(0))  # being stopped is how it ends well
        watching.run()


@dataclass
class Watching:
    """Looks, classifies, writes, rests, and goes on whatever happens to the folder or to the file it writes."""

    arrivals: Arrivals
    classify: Callable[[Iterable[Entry]], Generator[Results, None, None]]
    write: Callable[[Sequence[str]], None]
    origin: Origin
    interval: float  # seconds between two looks, at least
    _unreadable: frozenset[str] = frozenset()  # names of versions that could not be read, and may not be complete

    def run(self) -> NoReturn:
        """Do so for ever. What goes wrong is said on stderr once, until it goes well again."""
        said: set[str] = set()
        while True:
            started = time.monotonic()
            found, troubles = self.arrivals.look()
            seconds = time.monotonic() - started
            try:
                self._report(found)
            except EdgeCifarError as error:
                troubles.append(str(error))
            for trouble in troubles:
                if trouble not in said:
                    typer.echo(f"edge-cifar watch: {trouble}", err=True)
            said = set(troubles)
            time.sleep(max(self.interval, REST * seconds))

    def _report(self, found: Sequence[Arrival]) -> None:
        """Classify what is complete, and write it down. Raises EdgeCifarError when that fails; it is tried again."""
        complete = {arrival.path: arrival for arrival in found if arrival.seconds >= self._wait(arrival)}
        unreadable = {arrival.name for arrival in found if arrival.name in self._unreadable}
        with closing(self.classify(map(Entry, complete))) as classified:
            for results in classified:
                reported = []
                for path, result in results:
                    arrival = complete[path]
                    if isinstance(result, PhotoError) and arrival.name not in self._unreadable:
                        unreadable.add(arrival.name)
                    else:
                        reported.append((arrival, result))
                if reported:
                    self.write([_json_line(arrival, result, self.origin) for arrival, result in reported])
                for arrival, _ in reported:
                    self.arrivals.report(arrival)
        self._unreadable = frozenset(unreadable)

    def _wait(self, arrival: Arrival) -> float:
        """Return the seconds after which a file that stays the same is complete."""
        return self.interval * (PATIENCE if arrival.name in self._unreadable else 1)


def _json_line(arrival: Arrival, result: Result, origin: Origin) -> str:
    version = {"path": arrival.path, "size": arrival.size, "mtime_ns": arrival.mtime_ns}
    return json.dumps(version | row(arrival.path, result, origin))


def _name_in(line: str) -> str:
    values = json.loads(line)
    return version_name(values["path"], values["size"], values["mtime_ns"])
