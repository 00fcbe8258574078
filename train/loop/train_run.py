"""One training from data to report, from the start or from where it was stopped."""

import platform
import shlex
import signal
import sys
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, ExitStack, nullcontext
from dataclasses import asdict, dataclass
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch

from ...edge.data.labelled_images import LabelledImages
from ...edge.errors import EdgeCifarError, RunError
from ...edge.files.atomic_write import file_sha256, remove_temporaries
from ...edge.machine.cores import usable_cores
from ...edge.model.contract import Logits
from ...edge.report.document import PAGE
from ...edge.report.doubtful_photos import DOUBTS, doubts_line
from ...edge.stats.label_errors import Doubt
from ..data.ancestry import Ancestry
from ..data.load_splits import Dataset
from ..data.photo_files import PhotoFiles
from ..data.run_data import keep_photo_list, load_recipe_data, load_run_data
from ..nets.backbones import IMAGENET
from ..recipe.recipe import Recipe
from ..report.label_doubts import find_doubts
from ..report.write_report import write_curves, write_report
from ..runs.checkpoint import CHECKPOINT
from ..runs.doubtful_photos import read_doubts
from ..runs.final_result import Result
from ..runs.imagenet_weights import imagenet_digest
from ..runs.initial_weights import IDENTITY_NAME, teacher_sources, weights_file
from ..runs.resume_options import check_same, started
from ..runs.run_folder import CONFIG, Run, check_new, check_own, check_writable, make_new_folder
from ..transfer.cost import measured_cost
from ..transfer.out_of_fold import out_of_fold_logits
from ..transfer.plan import plan, words
from .allocator import keep_freed_memory
from .device import autocast_dtype
from .distributed import World, was_restarted
from .divergence import Diverged
from .epochs import Epoch, fit
from .memory_needed import NotEnoughMemory, check_memory, patience, within_memory
from .prepare import prepare
from .progress_table import TrainingProgress
from .stop_signals import Stopped, StopSignals
from .tensorboard_log import TensorBoard, check_installed
from .training import Step, Training

RUNS = Path("runs")
RECORDED = ("edge-cifar", "torch", "numpy", "pillow")  # packages that can change a result


@dataclass(frozen=True)
class Summary:
    """A run and what it came to."""

    folder: Path
    result: Result

    def as_json(self) -> dict[str, Any]:
        """Return what `--json` prints."""
        return {"run": str(self.folder), **asdict(self.result)}

    def text(self) -> str:
        """Return what is printed otherwise."""
        lines = [
            f"test accuracy {self.result.test_accuracy:.2%} ({self.result.test_images} images)",
            f"report {self.folder / PAGE}",
        ]
        if doubts := read_doubts(self.folder):
            lines.append(f"{doubts_line(doubts)}: see there, or {self.folder / DOUBTS}")
        return "\n".join(lines)


class Session:
    """Trains runs on one device; with TensorBoard's files if `tensorboard`."""

    def __init__(self, device: torch.device, world: World, tensorboard: bool):
        if tensorboard:
            check_installed()
        keep_freed_memory()
        self._device = device
        torch.set_num_threads(min(torch.get_num_threads(), usable_cores()))  # which a container may have cut
        self._world = world
        self._tensorboard = tensorboard

    @property
    def first(self) -> bool:
        """Whether this process writes and speaks."""
        return self._world.first

    def train(self, recipe: Recipe, out: Path | None, left_open: Sequence[str] = ()) -> Summary:
        """Train a new run by `recipe` into `out`, or into a new folder of `runs/`. Raises EdgeCifarError.

        What options of a fine-tuning are `left_open` is chosen by the number of photos and the device, and recorded.
        """
        if self.first:
            check_new(out) if out else check_writable(RUNS)
        check_memory(recipe, 2, 2, self._device)  # whatever the data is
        versions = self._versions(recipe)
        dataset = self._told(load_recipe_data(recipe))
        recipe = self._planned(recipe, dataset, left_open)
        training = self._prepared(recipe, dataset)  # what is refused leaves no folder
        run = Run(self.folder(recipe, out), recipe, dataset.describe(), versions)
        with self._writing(run):
            if self.first:
                run.create()
                keep_photo_list(run, dataset)
            return self._go_on(run, training, dataset)

    def resume(self, run: Run) -> Summary:
        """Train a run to its end from its last checkpoint, or from the start if it has none. Raises EdgeCifarError."""
        result = run.result()
        if result is not None:
            self._say(f"{run.folder}: was trained to its end already")
            return Summary(run.folder, result)
        with self._writing(run):
            if self.first:
                remove_temporaries(run.folder)
                check_own(run.folder)  # before the work, not behind it
            recipe = started(run)
            if line := check_same(run, self._versions(recipe)):
                self._say(line)
            dataset = self._told(load_run_data(run))
            return self._go_on(run, self._prepared(recipe, dataset), dataset)

    def goes_on(self, out: Path | None) -> bool:
        """Return whether the run in `out` is this command's own, begun before `torchrun` restarted its processes."""
        return self._world.from_first(out is not None and was_restarted() and (out / CONFIG).exists())

    def folder(self, recipe: Recipe, out: Path | None) -> Path:
        """Return `out`, or else a new folder of `runs/`, in all processes the same."""
        made = out if out or not self.first else make_new_folder(RUNS, f"{datetime.now():%Y%m%d-%H%M%S}-{recipe.net}")
        return self._world.from_first(made)

    def _writing(self, run: Run) -> AbstractContextManager[None]:
        return run.writing() if self.first else nullcontext()

    def _told(self, dataset: Dataset) -> Dataset:
        """Say what a look at the data found; return it."""
        for line in dataset.scan.lines():
            self._say(line)
        return dataset

    def _planned(self, recipe: Recipe, dataset: Dataset, left_open: Sequence[str]) -> Recipe:
        """Return `recipe` with what is left open, and say what will be trained and how long that takes."""
        if not recipe.head_epochs and not recipe.freeze and not left_open:
            return recipe
        planned = recipe
        if self.first:
            photos, val, classes = len(dataset.train), len(dataset.val), len(dataset.train.labels)
            with within_memory():
                cost = measured_cost(
                    recipe, classes, self._device, autocast_dtype(self._device) if recipe.amp else None
                )
                planned = plan(recipe, left_open, photos, val, self._device.type, cost)
                self._say(words(planned, photos, val, cost))
        return self._world.from_first(planned)

    def _prepared(self, recipe: Recipe, dataset: Dataset) -> Training:
        if remark := patience(recipe, len(dataset.train), len(dataset.train.labels), self._device):
            self._say(remark)
        with within_memory():
            return prepare(recipe, dataset, self._device, self._world, self._say)

    def _go_on(self, run: Run, training: Training, dataset: Dataset) -> Summary:
        self._say(
            f"{run.recipe.net} on {dataset.name}: {len(dataset.train)} training, {len(dataset.val)} validation and "
            f"{len(dataset.test)} test images of {len(run.labels)} classes, on {self._device.type}, into {run.folder}"
        )
        training.restore(run)
        if self.first:
            run.forget_after(training.epoch - 1)
        with ExitStack() as stack:
            stop = stack.enter_context(StopSignals())
            on_step, on_epoch = self._listeners(run, len(dataset.train), stack) if self.first else (_ignore, _ignore)
            try:
                with within_memory():
                    fit(training, run, dataset.val, stop, on_step, on_epoch)
            except Stopped:
                stack.close()  # the bar goes before the last words
                self._take_leave(run, training, stop)
            except (Diverged, NotEnoughMemory) as error:
                stack.close()
                again = (
                    "is free for another try" if run.empty else "keeps its best epoch; give another try another --out"
                )
                raise RunError(f"{error}; {run.folder} {again}") from error
        return self._finish(run, training, dataset)

    def _listeners(
        self, run: Run, images: int, stack: ExitStack
    ) -> tuple[Callable[[Step], None], Callable[[Epoch], None]]:
        """Return what `fit` is to call at steps and epochs: the display, and TensorBoard."""
        best = max((row["val_accuracy"] for row in run.history()), default=-1.0)
        progress = stack.enter_context(TrainingProgress(run.recipe.epochs, images, best, run.recipe.head_epochs))
        if not self._tensorboard:
            return progress.on_step, progress.on_epoch
        board = stack.enter_context(TensorBoard(run.folder))

        def on_epoch(row: Epoch) -> None:
            progress.on_epoch(row)
            board.on_epoch(row)

        return progress.on_step, on_epoch

    def _finish(self, run: Run, training: Training, dataset: Dataset) -> Summary:
        """Read the test set, once, with the weights kept, and write the report."""
        result = None
        if self.first:
            training.take_best(run)
            _, logits = training.evaluate(dataset.test)
            files = PhotoFiles(dataset)
            doubts = self._doubts(run, training, dataset, logits, files) if files.known else None
            result = write_report(run, dataset.test, logits, doubts, files.photo)
            (run.folder / CHECKPOINT).unlink(missing_ok=True)  # serves only to go on
        return Summary(run.folder, self._world.from_first(result))

    def _doubts(self, run: Run, training: Training, dataset: Dataset, test: Logits, files: PhotoFiles) -> list[Doubt]:
        """Return the photos whose folder the net contradicts, whose answers to the `test` images are known."""
        self._say("looking for labels that may be wrong")
        logits = {"test": test, "val": training.evaluate(dataset.val)[1]}
        folds = self._out_of_fold(run, training, dataset.train)
        if folds is None:
            logits["train"] = training.evaluate(dataset.train)[1]
        return find_doubts(dataset.splits, logits, files.path, folds)

    def _out_of_fold(self, run: Run, training: Training, train: LabelledImages) -> Logits | None:
        """Return what heads answer to training photos that neither they nor the net they began with has learned from.

        None where there are no such heads.
        """
        if not run.recipe.head_epochs or {photo.content for photo in Ancestry(run.recipe).seen} & set(train.contents):
            return None
        try:
            return out_of_fold_logits(run.recipe, train, self._device, training.dtype)
        except EdgeCifarError:  # the weights that it began with are gone
            return None

    def _versions(self, recipe: Recipe) -> dict[str, str]:
        versions = {"python": platform.python_version(), **{name: version(name) for name in RECORDED}}
        if recipe.init not in ("", IDENTITY_NAME):
            known = recipe.init == IMAGENET
            versions["init sha256"] = imagenet_digest(recipe.net) if known else file_sha256(weights_file(recipe.init))
        if recipe.teacher:
            hashes = [file_sha256(weights_file(source)) for source in teacher_sources(recipe.teacher)]
            versions["teacher sha256"] = ", ".join(hashes)
        return {
            **versions,
            "device": torch.cuda.get_device_name(self._device) if self._device.type == "cuda" else self._device.type,
            "threads": str(torch.get_num_threads()),
            "processes": str(self._world.size),
        }

    def _take_leave(self, run: Run, training: Training, stop: StopSignals) -> None:
        if self.first:
            write_curves(run)
            again = f"edge-cifar train --resume {shlex.quote(str(run.folder))}"
            self._say(f"stopped in epoch {training.epoch}; `{again}` goes on from this step")
        if stop.received is signal.SIGTERM:
            sys.exit(128 + signal.SIGTERM)
        raise KeyboardInterrupt

    def _say(self, line: str) -> None:
        if self.first:
            sys.stderr.write(f"{line}\n")


def _ignore(_: object) -> None:
    """Stand for a display in the processes that don't speak."""
