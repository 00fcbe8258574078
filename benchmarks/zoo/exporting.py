"""A file of the zoo through `edge-cifar export`, in a process of its own: what came out, how long, how much memory."""

from dataclasses import dataclass
from pathlib import Path

from ..measure.finished_command import edge_cifar
from .files import ZooFile


@dataclass(frozen=True)
class Exported:
    """An export: its seconds and most MB at a time, and, where it wrote no int8 file, its last words."""

    folder: Path
    seconds: float
    peak_mb: float
    problem: str = ""

    @property
    def fp32(self) -> Path:
        """The file to compare with."""
        return self.folder / "model.fp32.onnx"

    @property
    def int8(self) -> Path:
        """The file that is judged."""
        return self.folder / "model.int8.onnx"


def export_file(file: ZooFile, data: Path, calibration: int, folder: Path) -> Exported:
    """Export `file` into `folder`, calibrated on `calibration` photos of `data`."""
    options = ["--unlabelled", "--quantize", "--calibration-size", str(calibration), "--out", str(folder)]
    done = edge_cifar("export", file.source, *file.told, "--data", str(data), *options)
    return Exported(folder, done.seconds, done.peak_mb, done.problem)
