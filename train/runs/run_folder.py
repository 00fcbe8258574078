"""A run folder: what training writes and exporting reads. JSON and safetensors only, nothing pickled."""

import itertools
import json
import os
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import safetensors.torch
from safetensors import SafetensorError, safe_open
from torch import nn

from ...edge.data.seen_photos import PHOTOS
from ...edge.errors import RunError
from ...edge.files.atomic_write import check_replaceable, write_bytes, write_json, write_text
from ...edge.files.file_lock import exclusive
from ...edge.files.own_mark import JSON_KEY
from ...edge.report.document import PAGE
from ...edge.report.doubtful_photos import DOUBTS
from ...edge.report.run_history import METRICS, read_history
from ..nets.torch_modules import build_net
from ..recipe.recipe import Recipe
from .checkpoint import CHECKPOINT
from .final_result import Result

CONFIG = "config.json"
RECIPE = "recipe.toml"
WEIGHTS = "weights.safetensors"
RESULT = "result.json"
REPORT = "report.md"
PICTURES = ("curves.png", "confusion.png", "reliability.png", "samples.png", "mistakes.png")
LOGS = (
    METRICS,
    PHOTOS,
    DOUBTS,
)  # files of lines, which have no place for a mark: known by the configuration beside them
WRITTEN = (WEIGHTS, CHECKPOINT, RESULT, REPORT, PAGE, *PICTURES)  # in training and at its end
FILES = (CONFIG, RECIPE, *LOGS, *WRITTEN)
LOCK = ".lock"
BEST = "best"  # entry of the weights' metadata


@dataclass(frozen=True)
class Run:
    """A run folder and the configuration in it: the recipe and what `Dataset.describe` said of the data."""

    folder: Path
    recipe: Recipe
    data: Mapping[str, Any]
    versions: Mapping[str, str]

    @property
    def labels(self) -> tuple[str, ...]:
        """The class labels, in the order of the logits."""
        return tuple(self.data["labels"])

    @property
    def weights(self) -> Path:
        """The file of the weights kept. Raises RunError when there is none."""
        path = self.folder / WEIGHTS
        if not path.exists():
            raise RunError(f"{path}: no weights in this run; train for at least one whole epoch")
        return path

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Make the folder and be the only process that writes the run. Raises EdgeCifarError if another one does."""
        _make(self.folder)
        with exclusive(
            self.folder / LOCK, f"{self.folder}: another process is training this run; let it come to an end"
        ):
            yield

    @property
    def empty(self) -> bool:
        """Whether training has left nothing here that could be gone on from or used."""
        return not any((self.folder / name).exists() for name in (CHECKPOINT, WEIGHTS, RESULT)) and not self.history()

    def create(self) -> None:
        """Write the configuration. Raises EdgeCifarError as `check_new` does."""
        check_new(self.folder)
        config = {"recipe": asdict(self.recipe), "data": self.data, "versions": self.versions}
        write_text(self.folder / RECIPE, self.recipe.to_toml())
        write_text(self.folder / METRICS, "", replace_any=True)  # there it may only be a run's, without a row
        write_json(self.folder / CONFIG, config)

    def log(self, row: Mapping[str, Any]) -> None:
        """Append one line to `metrics.jsonl`. Raises RunError when the disk is full."""
        try:
            with (self.folder / METRICS).open("a", encoding="utf-8") as file:
                file.write(json.dumps(row) + "\n")
        except OSError as error:
            raise RunError(f"cannot write {self.folder / METRICS}: {error.strerror}") from error

    def history(self) -> list[dict[str, Any]]:
        """Return the rows of `metrics.jsonl`, one an epoch, as `read_history` does."""
        return read_history(self.folder)

    def forget_after(self, epochs: int) -> None:
        """Drop the rows of later epochs, which will be trained again."""
        kept = [json.dumps(row) + "\n" for row in self.history() if row["epoch"] <= epochs]
        write_text(self.folder / METRICS, "".join(kept), replace_any=True)  # it was read just now

    def result(self) -> Result | None:
        """Return what the run came to; None before its end."""
        try:
            values = json.loads((self.folder / RESULT).read_bytes())
            return Result(**{name: value for name, value in dict(values).items() if name != JSON_KEY})
        except FileNotFoundError:
            return None
        except (OSError, ValueError, TypeError, RecursionError) as error:
            raise RunError(f"{self.folder / RESULT}: not a result of this version ({error})") from error

    def save_weights(self, net: nn.Module, epoch: int, val_accuracy: float) -> None:
        """Write the net's weights, with the epoch and its validation accuracy in the file's metadata."""
        # One entry: safetensors writes several in random order, and the same weights shall be the same bytes.
        metadata = {BEST: json.dumps({"epoch": epoch, "val_accuracy": val_accuracy})}
        state = {name: tensor.contiguous() for name, tensor in net.state_dict().items()}
        write_bytes(self.folder / WEIGHTS, safetensors.torch.save(state, metadata))

    def load_net(self) -> nn.Sequential:
        """Return the run's net with the weights kept, in evaluation mode, on the CPU.

        Raises RunError when there are no weights (training stopped in its first epoch) or they don't fit.
        """
        net = build_net(self.recipe.layers, size=self.recipe.size, classes=len(self.labels))
        try:
            net.load_state_dict(safetensors.torch.load_file(self.weights))
        except (SafetensorError, RuntimeError, OSError) as error:
            reason = str(error).splitlines()[0]
            raise RunError(f"{self.folder / WEIGHTS}: not the weights of this run ({reason}); train again") from error
        if not all(bool(tensor.isfinite().all()) for tensor in net.state_dict().values()):
            raise RunError(f"{self.folder / WEIGHTS}: holds weights that are no finite numbers; train again")
        return net.eval()

    def unfinished(self) -> str | None:
        """Return a line on a training that was stopped or is going on; None behind its end."""
        if self.result() is not None:
            return None
        kept = self.kept_epoch()[0]
        return f"{self.folder}: not trained to its end; its weights so far are of epoch {kept} of {self.recipe.epochs}"

    def kept_epoch(self) -> tuple[int, float]:
        """Return the epoch and the validation accuracy that `save_weights` stored; 0 and -1 before it did."""
        if not (self.folder / WEIGHTS).exists():
            return 0, -1.0
        with safe_open(self.folder / WEIGHTS, framework="pt") as file:
            best = json.loads(file.metadata()[BEST])
        return best["epoch"], best["val_accuracy"]


def check_new(folder: Path) -> None:
    """Raise EdgeCifarError if a run in `folder` would replace anything, or if it can't be made: better known early.

    A run of which nothing has come may be replaced, but no file in it that somebody else wrote or changed.
    """
    if (folder / CONFIG).exists():
        if not _holds_nothing(folder):
            raise RunError(
                f"{folder}: already holds a run; go on with it by --resume {folder}, choose another --out, or delete it"
            )
        check_own(folder, (CONFIG, RECIPE, *WRITTEN))
    else:
        for name in FILES:
            if os.path.lexists(folder / name):
                raise RunError(
                    f"{folder / name}: is there already, and a run here would replace it; choose another --out"
                )
    check_writable(folder)


def check_own(folder: Path, names: Iterable[str] = WRITTEN) -> None:
    """Raise EdgeCifarError if one of `names` in `folder` is not this program's, so that it couldn't be written."""
    for name in names:
        path = folder / name
        if path.is_dir():
            raise RunError(f"{path}: a folder, where a file is to be written; move it away, or choose another --out")
        check_replaceable(path)


def check_writable(folder: Path) -> None:
    """Raise RunError if nothing can be written into `folder`, which may have to be made."""
    try:
        nearest = next(parent for parent in (folder, *folder.absolute().parents) if parent.exists())
        with tempfile.TemporaryFile(dir=nearest) as file:
            file.write(b"x")
    except OSError as error:
        raise RunError(f"cannot write {folder}: {error.strerror}; choose another --out") from error


def make_new_folder(runs: Path, name: str) -> Path:
    """Make a folder in `runs` that nobody else has, called `name` or with a number behind it. Raises RunError."""
    _make(runs)
    for number in itertools.count(1):
        folder = runs / (name if number == 1 else f"{name}-{number}")
        with suppress(FileExistsError):
            folder.mkdir()
            return folder
    raise AssertionError


def _make(folder: Path) -> None:
    """Make a folder, unless it is there. Raises RunError."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RunError(f"cannot write {folder}: {error.strerror}; choose another --out") from error


def _holds_nothing(folder: Path) -> bool:
    """Return whether `folder` holds a run of which nothing has come."""
    try:
        return open_run(folder).empty
    except (RunError, OSError, ValueError):
        return False


def open_run(folder: Path) -> Run:
    """Read a run's configuration. Raises RunError when the folder is none or was written by another version."""
    path = folder / CONFIG
    try:
        config = json.loads(path.read_bytes())
        run = Run(folder, Recipe(**config["recipe"]), config["data"], config["versions"])
        _check_described(config)
    except FileNotFoundError as error:
        raise RunError(f"{folder}: no run here ({CONFIG} is missing); train one with `edge-cifar train`") from error
    except OSError as error:
        raise RunError(f"cannot read {path}: {error.strerror}") from error
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise RunError(f"{path}: not a run's configuration of this version ({error}); train again") from error
    except RunError as error:
        raise RunError(f"{path}: {error}") from error
    return run


def _check_described(config: Mapping[str, Any]) -> None:
    """Raise ValueError, TypeError or KeyError where what a configuration says of data and versions is of other kinds.

    Earlier versions wrote less of it: what isn't there is not asked for.
    """
    data, versions = config["data"], config["versions"]
    labels, splits, scan = data["labels"], data.get("splits", {}), data.get("scan", {})
    if not isinstance(labels, list) or len(labels) < 2:
        raise ValueError("fewer than two classes")
    if not all(isinstance(text, str) for text in (*labels, data.get("name", ""))):
        raise ValueError("names that are no text")
    if not all(isinstance(part, dict) for part in (versions, splits, *splits.values(), scan)):
        raise ValueError("no named values where they are expected")
    if not all(isinstance(group, list) for group in scan.get("twins", [])):
        raise ValueError("copies that are not listed")


def newest_run(runs: Path = Path("runs")) -> Path:
    """Return the folder under `runs` whose configuration is newest. Raises RunError when there is none."""
    configs = sorted(runs.glob(f"*/{CONFIG}"), key=os.path.getmtime)
    if not configs:
        raise RunError(f"no run under {runs}{os.sep}; train one with `edge-cifar train`, or name a run folder")
    return configs[-1].parent
