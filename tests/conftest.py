"""Models that the tests make themselves: the real net with random weights, exported by the real exporter."""

import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from edge_cifar.edge.data.labelled_images import LabelledImages
from edge_cifar.edge.data.synthetic_shapes import LABELS, synthetic_split
from edge_cifar.edge.machine.cores import usable_cores
from edge_cifar.edge.model.card import ModelCard
from edge_cifar.edge.web.runtime import PACKED, install_runtime
from edge_cifar.export.graph.net_graph import build_graph
from edge_cifar.export.pipeline.model_file import write_model
from edge_cifar.export.quantization.calibration import Range, activation_histograms, ranges
from edge_cifar.export.quantization.quantize import quantize
from edge_cifar.train.nets.catalogue import NETS
from edge_cifar.train.nets.torch_modules import build_net, count_parameters
from hypothesis import settings

settings.register_profile("default", max_examples=150, derandomize=True, database=None, deadline=None)
settings.register_profile("long", max_examples=20_000, database=None, deadline=None)

ROOT = Path(__file__).resolve().parents[1]
SHARED_CIFAR10 = ROOT.parent / "shared" / "cifar10" / "cifar10.tar"


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """Return what `-n auto` means: the cores that may be used, which are fewer than the machine's in a container."""
    return usable_cores()


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put what takes long first: in the end the processes share many short tests, and none waits for a long one."""
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)


@pytest.fixture(scope="session", autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep the tests out of the user's cache folder."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="session")
def synthetic() -> LabelledImages:
    """200 rendered images, 20 of each of ten classes."""
    return synthetic_split("test", 32).take(np.arange(200))


@pytest.fixture(scope="session")
def random_net() -> torch.nn.Sequential:
    """The batchnorm net with random weights and batchnorm statistics, in evaluation mode."""
    torch.manual_seed(0)
    net = build_net(NETS["batchnorm"])
    for module in net.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            torch.nn.init.normal_(module.running_mean, std=0.1)
            torch.nn.init.uniform_(module.running_var, 0.5, 1.5)
            torch.nn.init.uniform_(module.weight, 0.5, 1.5)
            torch.nn.init.normal_(module.bias, std=0.1)
    return net.eval()


@pytest.fixture(scope="session")
def random_graph(random_net: torch.nn.Sequential) -> onnx.ModelProto:
    """The float ONNX model of `random_net`."""
    return build_graph(NETS["batchnorm"], random_net, 32)


@pytest.fixture(scope="session")
def activation_ranges(random_graph: onnx.ModelProto, synthetic: LabelledImages) -> dict[str, Range]:
    """The ranges of `random_graph`'s activations on the rendered images."""
    return ranges(activation_histograms(random_graph, synthetic), "minmax")


@pytest.fixture(scope="session")
def quantized_graph(random_graph: onnx.ModelProto, activation_ranges: dict[str, Range]) -> onnx.ModelProto:
    """The int8 ONNX model of `random_net`."""
    return quantize(random_graph, activation_ranges)


@pytest.fixture(scope="session")
def card(random_net: torch.nn.Sequential) -> ModelCard:
    """A card for `random_net` on the rendered classes."""
    return ModelCard(
        net="batchnorm",
        labels=LABELS,
        size=32,
        precision="fp32",
        parameters=count_parameters(random_net),
        accuracy={},
        trained_on={"name": "synthetic"},
        validation={"fraction": 0.1, "seed": 0},
        versions={"edge-cifar": "0"},
        weights_sha256="",
    )


@pytest.fixture(scope="session")
def tiny_fp32_model(tmp_path_factory: pytest.TempPathFactory, random_graph: onnx.ModelProto, card: ModelCard) -> Path:
    """A sealed fp32 model file."""
    path = tmp_path_factory.mktemp("fp32") / "model.fp32.onnx"
    write_model(path, random_graph, card)
    return path


@pytest.fixture(scope="session")
def tiny_int8_model(
    tmp_path_factory: pytest.TempPathFactory,
    quantized_graph: onnx.ModelProto,
    card: ModelCard,
) -> Path:
    """A sealed int8 model file of the same net."""
    path = tmp_path_factory.mktemp("int8") / "model.int8.onnx"
    write_model(path, quantized_graph, card)
    return path


@pytest.fixture(scope="session")
def package() -> Path:
    """npm's package of onnxruntime-web, as `make` fetched it."""
    path = ROOT / ".venv" / PACKED
    if not path.exists():
        pytest.skip(f"needs {path}: make .venv/npm-packages, where npm is")
    return path


@pytest.fixture(scope="session")
def runtime(package: Path) -> Path:
    """The folder in the cache where it is installed."""
    return install_runtime(package)


@pytest.fixture(scope="session")
def cifar10(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The real CIFAR-10's test images as a dataset folder; skips where they are not found.

    Looked for as the folder in CIFAR10_DIR, then as ../shared/cifar10/cifar10.tar beside the checkout.
    """
    if "CIFAR10_DIR" in os.environ:
        return Path(os.environ["CIFAR10_DIR"])
    if not SHARED_CIFAR10.exists():
        pytest.skip("the real CIFAR-10 is not here: set CIFAR10_DIR to a folder with train/ and test/")
    import tarfile

    folder = tmp_path_factory.mktemp("cifar10")
    with tarfile.open(SHARED_CIFAR10) as archive:
        archive.extractall(folder, (file for file in archive if "test" in Path(file.name).parts), filter="data")
    return folder
