"""onnxruntime-web as `make` fetched it; what needs it skips where it isn't."""

from pathlib import Path

import pytest
from edge_cifar.edge.web.runtime import PACKED, install_runtime

FETCHED = Path(__file__).resolve().parents[3] / ".venv"


@pytest.fixture(scope="session")
def package() -> Path:
    """npm's package."""
    path = FETCHED / PACKED
    if not path.exists():
        pytest.skip(f"needs {path}: make .venv/npm-packages, where npm is")
    return path


@pytest.fixture(scope="session")
def runtime(package: Path) -> Path:
    """The folder in the cache where it is installed."""
    return install_runtime(package)
