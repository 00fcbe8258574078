"""`edge-cifar predict --engine ray`: an archive of photos, on one machine or on many."""

from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import closing
from itertools import chain
from pathlib import Path
from threading import Timer

import typer

from ..cli.exit_status import ending_on_sigterm
from ..cli.progress_line import Progress
from ..errors import EdgeCifarError
from ..inference.classifier import Classifier
from ..photos.left_out import LeftOut
from ..stats.significance import wilson_interval
from ..stream.photo_list import read_list
from .bulk_run import Asked, BulkRun, begin_run, resume_run
from .engine import classify_parts
from .listing import Listed, list_photos
from .node_checks import check_nodes
from .part_file import JSON_LINES, PARQUET
from .ray_cluster import Cluster, Workers, joined
from .store import OutputFolder
from .worker import Job

__all__ = ["JSON_LINES", "PARQUET", "Asked", "predict_bulk"]

PATIENCE = 120.0  # seconds until it is said that there is no part yet


def predict_bulk(
    classifier: Classifier,
    asked: Asked,
    out: str,
    address: str | None,
    workers: int | None,
    threshold: float | None,
    resume: bool,
    retry_errors: bool,
) -> None:
    """Classify what is `asked` for into the folder `out`. Raises EdgeCifarError; exits 1 after errors of photos."""
    left_out = LeftOut()

    def listed() -> Iterable[Listed]:
        names = chain(asked.photos, () if asked.files_from is None else read_list(asked.files_from))
        return list_photos(names, asked.recursive, asked.glob, left_out)

    folder = OutputFolder(out)
    run = (resume_run(folder, asked) if resume else None) or begin_run(folder, asked, listed)
    if left_out:
        typer.echo(f"left out: {left_out}", err=True)
    finished = {done.part for done in run.done() if not done.errors} if retry_errors else run.finished()
    parts = [part for part in run.parts if part not in finished]
    if parts:
        job = Job(classifier.model.path.read_bytes(), threshold, run, str(Path.cwd()))
        errors = _classify(job, parts, address, workers)
    else:
        typer.echo(f"{out}: all {len(run.parts):,} parts are finished", err=True)
        errors = 0
    if lost := len(set(run.parts) - run.finished()):
        raise EdgeCifarError(f"{out}: lacks {lost} parts that were written; name storage that all machines share")
    if asked.sample is not None:
        typer.echo(_of_sample(run), err=True)
    if errors:
        raise typer.Exit(1)


def _classify(job: Job, parts: Sequence[int], address: str | None, workers: int | None) -> int:
    """Classify parts, showing how far it is; return how many photos were errors."""
    with joined(address) as cluster:
        if address is not None:
            check_nodes(job.run)
        pool = cluster.workers(workers)
        typer.echo(_plan(job.run, len(parts), pool, cluster), err=True)
        progress = Progress(lambda: job.run.photos_of(parts), visible=True)
        word = Timer(PATIENCE, typer.echo, ["no part yet: cores are in use by others, or slow; waiting"], {"err": True})
        word.daemon = True
        word.start()
        with ending_on_sigterm(), progress, closing(classify_parts(job, parts, pool.most)) as work:
            for done in work:
                word.cancel()
                progress.count(done.labels, done.errors)
    return progress.errors


def _plan(run: BulkRun, parts: int, workers: Workers, cluster: Cluster) -> str:
    machines = "this machine" if cluster.nodes == 1 else f"{cluster.nodes} machines"
    count = f"{workers.first} worker{'s' * (workers.first > 1)}"
    more = f", up to {workers.most} as the cluster grows," if workers.most > workers.first else ""
    watched = f"; Ray's dashboard: {cluster.dashboard}" if cluster.dashboard else ""
    return (
        f"{parts:,} part{'s' * (parts > 1)} of {run.part:,} photos, {count}{more} of a core each (Ray on {machines}, "
        f"{cluster.cores} cores){watched}"
    )


def _of_sample(run: BulkRun) -> str:
    """Return each label's share of a sample, with its interval."""
    labels: Counter[str] = Counter()
    for done in run.done():
        labels.update(done.labels)
        labels["errors"] += done.errors
    shares = []
    for label, count in (+labels).most_common():
        low, high = wilson_interval(count, run.photos)
        shares.append(f"{label} {count / run.photos:.1%} ({low:.1%} to {high:.1%})")
    return f"of {run.photos:,} sampled photos of {run.drawn_from:,}: {', '.join(shares)}; 95 % intervals"
