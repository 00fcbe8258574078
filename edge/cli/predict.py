"""`edge-cifar predict`: find the photos, classify them, write the results."""

import os
from collections.abc import Iterator
from contextlib import closing
from enum import StrEnum
from importlib import import_module
from itertools import chain
from pathlib import Path
from types import ModuleType
from typing import Annotated

import typer

from ..errors import EdgeCifarError
from ..inference.classifier import Classifier
from ..inference.prediction import TOP
from ..machine.cores import usable_cores
from ..model.shipped_models import default_model
from ..photos.left_out import LeftOut
from ..stream.classify_stream import Draw, classify_many
from ..stream.find_photos import Entry, find_photos
from .exit_status import ending_on_sigterm
from .options import ARCHIVES, RESULTS, Annotate, AsJson, Glob, Jobs, ModelOption, Recursive, Threads, Threshold, Top
from .output import ended, open_output
from .progress_line import Progress


class Engine(StrEnum):
    """What photos are classified by."""

    local = "local"
    ray = "ray"


def predict(
    photos: Annotated[
        list[str] | None, typer.Argument(metavar="PHOTO...", help="Photos, or folders of photos; - is one from stdin.")
    ] = None,
    recursive: Recursive = False,
    glob: Glob = None,
    files_from: Annotated[
        str | None, typer.Option(metavar="LIST", help="File with more photos, one a line or NUL-ended; - is stdin.")
    ] = None,
    jobs: Jobs = None,
    model: ModelOption = None,
    top: Top = TOP,
    threshold: Threshold = None,
    tta: Annotated[
        bool, typer.Option("--tta", help="Look at each photo ten times: more accurate, but slower.")
    ] = False,
    threads: Threads = 1,
    out: Annotated[
        str | None,  # a Path would take a slash out of a URL
        typer.Option(
            metavar="FILE", help="Write results to this new .jsonl, .csv or .parquet file.", rich_help_panel=RESULTS
        ),
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with --out: skip the photos in it.")] = False,
    retry_errors: Annotated[
        bool, typer.Option("--retry-errors", help="With --resume: try photos again that were errors.")
    ] = False,
    annotate: Annotate = None,
    explain: Annotated[
        Path | None,
        typer.Option(metavar="PNG", help="Draw into this PNG file where the net looked in the one photo given."),
    ] = None,
    as_json: AsJson = False,
    engine: Annotated[
        Engine,
        typer.Option(
            help="ray: for archives, also s3://BUCKET/, on one machine or many; --out names a folder for parts.",
            rich_help_panel=ARCHIVES,
        ),
    ] = Engine.local,
    address: Annotated[
        str | None, typer.Option(metavar="HOST:PORT", help="Ray cluster, or auto.  [default: this machine alone]")
    ] = None,
    limit: Annotated[int | None, typer.Option(help="Only the first N photos.", min=1, metavar="N")] = None,
    shuffle_sample: Annotated[
        int | None, typer.Option(help="Only N photos drawn at random, and each label's share.", min=1, metavar="N")
    ] = None,
) -> None:
    """Classify photos; see `edge-cifar predict --help`."""
    if not photos and files_from is None:
        raise typer.BadParameter("Missing argument 'PHOTO...' or option '--files-from'.")
    if resume and out is None:
        raise typer.BadParameter("--resume goes on with a file; name it with --out.")
    if engine is Engine.local and (address or limit or shuffle_sample):
        raise typer.BadParameter("--address, --limit and --shuffle-sample go with --engine ray.")
    if engine is Engine.ray and (out is None or annotate or explain or threads != 1):
        raise typer.BadParameter("--engine ray needs --out DIR, has one thread a worker, and draws nothing.")
    if engine is Engine.ray and "-" in (photos or ()):
        raise typer.BadParameter("--engine ray: its workers have no stdin; name files.")
    if retry_errors and not resume:
        raise typer.BadParameter("--retry-errors goes with --resume.")
    search = files_from is not None or any(os.path.isdir(photo) for photo in photos or ())  # noqa: PTH112
    if explain and (search or len(photos or ()) > 1):
        raise typer.BadParameter("--explain draws one photo; name just one.")
    workers, jobs = jobs, jobs or (usable_cores() if search or len(photos or ()) > 1 else 1)
    classifier = Classifier(model or default_model(), threads=threads, threshold=threshold, tta=tta)
    if model is None:
        typer.echo(f"model: {classifier.model.path}", err=True)
    origin = None
    if out or as_json:
        from ..results.rows import origin_of  # here, since a start without it need not load it

        origin = origin_of(classifier, top, tta)
    if engine is Engine.ray and out and origin:
        bulk = _import_bulk()
        form = bulk.JSON_LINES if as_json else bulk.PARQUET
        names = tuple(photos or ())
        asked = bulk.Asked(names, files_from, recursive, glob, limit, shuffle_sample, form, origin)
        bulk.predict_bulk(classifier, asked, out, address, workers, threshold, resume, retry_errors)
        return
    output = open_output(Path(out) if out else None, resume, as_json, origin, retry_errors=retry_errors)

    left_out = LeftOut()

    def found(left_out: LeftOut | None = None) -> Iterator[Entry | None]:
        for argument in chain(photos or (), _listed(files_from)):
            for entry in find_photos([argument], recursive, glob, left_out):
                if entry is None or not (entry.path in output or (annotate and _was_drawn(annotate, argument, entry))):
                    yield entry

    # A pipe is read but once.
    countable = files_from is None or (files_from != "-" and os.path.isfile(files_from))  # noqa: PTH113
    count = (lambda: sum(1 for entry in found() if entry)) if countable else None
    progress = Progress(count, visible=search)
    classified = classify_many(classifier, found(left_out), top, jobs, _draws(classifier, explain, annotate))
    # On leaving, the threads end first; then the summary is printed and the file closed.
    with ending_on_sigterm(), ended(output), progress, closing(classified):
        for results in classified:
            progress.erase()
            output.write(results)
            progress.add(results)
    if left_out:
        typer.echo(f"left out: {left_out}", err=True)
    if progress.errors:
        raise typer.Exit(1)


def _import_bulk() -> ModuleType:
    """Return the module behind `--engine ray`. Raises EdgeCifarError when its extra is not installed."""
    try:
        return import_module("..bulk.command", __package__)  # here, since it loads Ray
    except ImportError as error:
        if isinstance(error.__cause__, KeyboardInterrupt):  # Ctrl-C while a library was loaded
            raise
        raise EdgeCifarError(f"{error}; run: pip install 'edge-cifar[ray]'") from error


def _listed(files_from: str | None) -> Iterator[str | None]:
    """Yield what `--files-from` names."""
    if files_from is not None:
        from ..stream.photo_list import read_list  # here, since a start without it need not load it

        yield from read_list(files_from)


def _draws(classifier: Classifier, explain: Path | None, annotate: Path | None) -> list[Draw]:
    """Return what is to be drawn of each photo."""
    draws: list[Draw] = []
    if explain is not None:
        from ..results.heat_map import write_heat  # here, since a start without it need not load it

        draws.append(lambda _path, photo, _prediction: write_heat(classifier, photo, explain))
    if annotate is not None:
        from ..results.annotated_photo import annotated_path, write_annotated
        from ..results.picture_file import check_folder

        check_folder(annotate)
        draws.append(lambda path, photo, prediction: write_annotated(photo, prediction, annotated_path(annotate, path)))
    return draws


def _was_drawn(folder: Path, argument: str | None, entry: Entry) -> bool:
    """Return whether an entry is what `--annotate` itself put in `folder`, and was not named itself."""
    from ..files.own_mark import is_own

    if entry.path == argument:
        return False
    path = os.path.realpath(entry.path)  # which, unlike Path.resolve, takes a link that leads to itself as it is
    return Path(path).is_relative_to(os.path.realpath(folder)) and is_own(Path(entry.path))
