"""Scalars of a run for TensorBoard, in the run folder; show them with `tensorboard --logdir runs`."""

from importlib.util import find_spec
from pathlib import Path
from types import TracebackType

from ...edge.errors import RunError
from .epochs import Epoch

FOLDER = "tensorboard"


def check_installed() -> None:
    """Raise RunError, saying what to install, where TensorBoard is missing: better known before training."""
    if find_spec("tensorboard") is None:
        raise RunError("--tensorboard: TensorBoard is not installed; run: pip install 'edge-cifar[tensorboard]'")


class TensorBoard:
    """A context manager with a callback of `fit` that writes each epoch below the run's folder."""

    def __init__(self, run: Path):
        from torch.utils.tensorboard import SummaryWriter  # slow to import, rarely asked for

        self._writer = SummaryWriter(run / FOLDER)

    def __enter__(self) -> "TensorBoard":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._writer.close()

    def on_epoch(self, row: Epoch) -> None:
        """Write the epoch's numbers, train and validation side by side, and flush them to be looked at."""
        for quantity in ("loss", "accuracy"):
            for split in ("train", "val"):
                self._writer.add_scalar(f"{quantity}/{split}", getattr(row, f"{split}_{quantity}"), row.epoch)
        self._writer.add_scalar("learning rate", row.lr, row.epoch)
        self._writer.add_scalar("seconds an epoch", row.seconds, row.epoch)
        self._writer.flush()
