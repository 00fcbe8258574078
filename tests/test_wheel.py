"""What a stranger gets: the wheel in an empty environment, with no torch anywhere near."""

import json
import shutil
import subprocess
import sys
import venv
from pathlib import Path

import pytest
from edge_cifar.edge.data.cifar import CIFAR10_LABELS
from edge_cifar.edge.data.synthetic_shapes import write_photos

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[1]
SHIPPED = ("pyproject.toml", "setup.py", "README.md", "LICENSE", "edge", "train", "export", "benchmarks")


def run(*command: str | Path, cwd: Path, status: int = 0) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(list(map(str, command)), cwd=cwd, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == status, done.stderr
    return done


def pip(environment: Path) -> tuple[str | Path, ...]:
    """The command that installs into another environment, which then needs no pip of its own."""
    return sys.executable, "-m", "pip", "--python", environment


def assert_no_warning(build: subprocess.CompletedProcess[str]) -> None:
    """Newer versions of pip show the user what setuptools warns of, older ones only when asked for all there is."""
    words = (build.stdout + build.stderr).split()
    assert [word for word in words if word.endswith(("Warning:", "InformationOnly:"))] == []


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of what ships, so that no earlier build leaks in."""
    source = tmp_path_factory.mktemp("source")
    for name in SHIPPED:
        item = ROOT / name
        if item.is_dir():
            shutil.copytree(item, source / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(item, source)
    return source


@pytest.fixture(scope="module")
def installed(source: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The scripts folder of a fresh environment with nothing but the wheel and what it asks for."""
    folder = tmp_path_factory.mktemp("wheel")
    built = run(sys.executable, "-m", "pip", "wheel", "-v", "--no-deps", "--wheel-dir", folder, source, cwd=folder)
    assert_no_warning(built)
    venv.create(folder / "env", with_pip=False)
    run(*pip(folder / "env"), "install", "--quiet", next(folder.glob("*.whl")), cwd=folder)
    return folder / "env" / "bin"


def test_the_base_install_has_no_torch_and_no_onnx(installed: Path, tmp_path: Path) -> None:
    listed = run(*pip(installed.parent), "list", "--format=json", cwd=tmp_path).stdout
    packages = {row["name"] for row in json.loads(listed)}
    assert {"edge-cifar", "numpy", "onnxruntime", "pillow", "typer"} <= packages
    assert not packages & {"torch", "torchvision", "onnx", "matplotlib"}


def test_the_shipped_model_classifies_a_photo(installed: Path, tmp_path: Path) -> None:
    [photo, *_] = write_photos(tmp_path, 1, seed=0)
    done = run(installed / "edge-cifar", "predict", photo.name, "--json", cwd=tmp_path)
    row = json.loads(done.stdout)
    assert row["path"] == photo.name
    assert row["label"] in CIFAR10_LABELS
    assert "batchnorm.int8.onnx" in done.stderr


def test_the_library_is_imported_by_its_name(installed: Path, tmp_path: Path) -> None:
    [photo, *_] = write_photos(tmp_path, 1, seed=0)
    program = "from edge_cifar import Classifier; import sys; print(Classifier().predict(sys.argv[1]).guess)"
    assert run(installed / "python", "-c", program, photo, cwd=tmp_path).stdout.strip() in CIFAR10_LABELS
    assert next(installed.parent.glob("lib/*/site-packages/edge_cifar/py.typed")).is_file()


def test_evaluate_and_benchmark_run_on_the_base_install(installed: Path, tmp_path: Path) -> None:
    version = run(installed / "edge-cifar", "--version", cwd=tmp_path).stdout.strip()
    assert version[0].isdigit()
    result = json.loads(run(installed / "edge-cifar", "benchmark", "--rounds", "2", "--json", cwd=tmp_path).stdout)
    assert len(result["models"]) == 2


def test_a_command_that_needs_an_extra_says_which(installed: Path, tmp_path: Path) -> None:
    done = run(installed / "edge-cifar", "train", cwd=tmp_path, status=1)
    assert done.stderr.count("\n") == 1
    assert "pip install 'edge-cifar[train]'" in done.stderr


def test_an_editable_install_warns_of_nothing(source: Path, tmp_path: Path) -> None:
    venv.create(tmp_path, with_pip=False)
    assert_no_warning(run(*pip(tmp_path), "install", "-v", "--no-deps", "--editable", source, cwd=tmp_path))
