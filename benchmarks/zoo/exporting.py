"""A file of the zoo through `edge-cifar export`, in a process of its own: what came out, how long, how much memory."""

import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile

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
    command = [sys.executable, "-m", "edge_cifar.edge", "export", file.source, *file.told, "--data", str(data)]
    options = ["--unlabelled", "--quantize", "--calibration-size", str(calibration), "--out", str(folder)]
    with TemporaryFile() as words:
        started = time.perf_counter()
        process = subprocess.Popen([*command, *options], stdout=subprocess.DEVNULL, stderr=words)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        seconds = time.perf_counter() - started
        words.seek(0)
        said = words.read().decode(errors="replace").strip().splitlines() or [f"exit status {process.returncode}"]
    return Exported(folder, seconds, usage.ru_maxrss / 1024, said[-1] if process.returncode else "")
