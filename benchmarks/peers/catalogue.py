"""Which peers run which net, and where their files lie: converted once, on training images, into the cache folder."""

import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from ...edge.errors import EdgeCifarError
from ...edge.files.atomic_write import cache_folder, file_sha256
from ...edge.model.shipped_models import SHIPPED_DEFAULT, SHIPPED_FP32
from ...edge.photos.contract import Pixels

CONVERT = "edge_cifar.benchmarks.peers.convert"
BATCHNORM_RUN = Path("benchmarks/results/batchnorm")


@dataclass(frozen=True)
class Net:
    """Trained weights, as our exported files and, where it is at hand, as the run that they come from."""

    name: str
    fp32: Path
    int8: Path
    run: Path | None = None

    @property
    def converted(self) -> Path:
        """Return the folder of what was made of it for other runtimes."""
        return cache_folder() / "peers-2" / file_sha256(self.fp32)[:16]


@dataclass(frozen=True)
class Peer:
    """A runtime with a kind of file: `source` is "fp32", "int8" or "run" of a net, or a conversion by name."""

    name: str
    precision: str
    runtime: str
    source: str
    made: str
    file: str = ""  # of a conversion

    def path(self, net: Net) -> Path:
        """Return what the runtime loads for `net`. Raises EdgeCifarError when it is not there."""
        if self.file:
            path: Path | None = net.converted / self.source / self.file
            missing = f"{self.source}/{self.file} was not made yet; run again with --prepare"
        else:
            path = {"fp32": net.fp32, "int8": net.int8, "run": net.run}[self.source]
            missing = f"{path or 'its run'} is not there; run from the checkout"
        if path is None or not path.exists():
            raise EdgeCifarError(missing)
        return path


OURS = {"fp32": "onnxruntime fp32", "int8": "onnxruntime int8"}
LITERT_INT8 = "LiteRT int8"

_PEERS = (
    Peer(OURS["fp32"], "fp32", "onnxruntime", "fp32", "our file"),
    Peer("LiteRT fp32", "fp32", "litert", "litert-fp32", "TensorFlow's converter", "model.tflite"),
    Peer("OpenVINO fp32", "fp32", "openvino-fp32", "fp32", "our file, told to compute in fp32"),
    Peer("OpenVINO, as it comes", "fp32", "openvino", "fp32", "our file; bf16 where the CPU has it"),
    Peer("ncnn fp32", "fp32", "ncnn", "ncnn-fp32", "pnnx", "model.ncnn.param"),
    Peer("PyTorch eager", "fp32", "torch", "run", "the run's own net"),
    Peer("PyTorch compiled", "fp32", "torch-compiled", "run", "the run's own net, torch.compile, frozen"),
    Peer(OURS["int8"], "int8", "onnxruntime", "int8", "our file"),
    Peer(LITERT_INT8, "int8", "litert", "litert-int8", "TensorFlow's converter, all int8", "model.tflite"),
    Peer("OpenVINO int8", "int8", "openvino", "openvino-int8", "NNCF", "model.xml"),
    Peer("quantize_static", "int8", "onnxruntime", "quantize-static", "onnxruntime's own tool", "model.int8.onnx"),
    Peer("OpenVINO int8, our file", "int8", "openvino", "int8", "our file"),
)
PEERS = {peer.name: peer for peer in _PEERS}
ON_RESNET8 = (OURS["int8"], LITERT_INT8)
NEED_RUN = ("run", "ncnn-fp32")  # sources that only a run of ours has
ON_OTHERS = tuple(peer.name for peer in _PEERS if peer.source not in NEED_RUN)
"""Peers that run somebody else's net, too."""

MISSING = {"ncnn int8": "no wheel has its quantizer (ncnn2table, ncnn2int8)"}
"""Peers that a user would ask for, and why they have no row."""


def batchnorm() -> Net:
    """Return the shipped net."""
    return Net("batchnorm", SHIPPED_FP32, SHIPPED_DEFAULT, BATCHNORM_RUN)


def resnet8(place: Path) -> Net:
    """Return the ResNet-8 of a run folder, or of its fp32 file beside the int8 one. Raises EdgeCifarError."""
    fp32 = place / "model.fp32.onnx" if place.is_dir() else place
    net = Net("resnet8", fp32, fp32.with_name(fp32.name.replace("fp32", "int8")))
    for path in (net.fp32, net.int8):
        if not path.is_file():
            raise EdgeCifarError(f"--resnet8: {path} is not there; export the run with --quantize")
    return net


def convert(net: Net, peers: Sequence[Peer], pixels: Pixels, say: Callable[[str], None]) -> None:
    """Make what is missing of the peers' files, calibrated on `pixels`; `say` is told of it, failures too."""
    net.converted.mkdir(parents=True, exist_ok=True)
    for peer in peers:
        target = net.converted / peer.source
        if not peer.file or target.exists():
            continue
        say(f"converting {net.name} for {peer.name}")
        source = net.run if peer.runtime == "ncnn" else net.fp32
        with TemporaryDirectory(dir=net.converted) as work:
            folder, calibration = Path(work) / "made", Path(work) / "pixels.npy"
            folder.mkdir()
            np.save(calibration, pixels)
            command = [sys.executable, "-m", CONVERT, peer.source, str(source), str(folder), str(calibration)]
            process = subprocess.run(command, capture_output=True, text=True, check=False)
            if process.returncode:
                words = process.stderr.strip().splitlines() or ["no message"]
                say(f"{peer.name}: not converted ({words[-1]})")
            else:
                folder.rename(target)
