"""The export of a run of our own: its files, and beside them which photos its net has seen."""

from pathlib import Path

from ...edge.data.seen_photos import read_photo_list, write_photo_list
from ...train.runs.run_folder import Run
from .export_files import Order, Outcome, export_files
from .run_source import run_source


def export_run(run: Run, order: Order, folder: Path, data: str | None = None) -> Outcome:
    """Export `run` into `folder` as `export_files` does; `data` is where its images are, if that has moved."""
    outcome = export_files(run_source(run, data), order, folder)
    listed = read_photo_list(run.folder)
    if listed and not folder.samefile(run.folder):
        write_photo_list(folder, listed)  # so that `evaluate` knows there, too, what the net has seen
    return outcome
