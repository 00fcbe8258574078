"""Classifying from Python, by the very lines of the pages that show it."""

import re
import runpy
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import numpy.typing as npt
import pytest
from edge_cifar.edge.data.synthetic_shapes import render

ROOT = Path(__file__).resolve().parents[2]
README, PYTHON = ROOT / "README.md", ROOT / "edge" / "SERVICES.md"


@pytest.fixture
def shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the photo that the lines name, which is the working folder."""
    monkeypatch.chdir(tmp_path)
    for name in ("photo.jpg", "a.jpg"):
        render("star", 60, 40, np.random.RandomState(0)).save(tmp_path / name)
    return tmp_path


def ran(page: Path, first: str, folder: Path) -> dict[str, object]:
    """Run the lines of a page that begin with `first`; return what they define."""
    [lines] = [
        lines
        for lines in re.findall(r"```python\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)
        if lines.startswith(first)
    ]
    (folder / "example.py").write_text(lines, encoding="utf-8")
    return runpy.run_path("example.py")


def test_the_readme(shown: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ran(README, "from edge_cifar import Classifier", shown)
    one, first, second = capsys.readouterr().out.splitlines()
    assert "Ranked(label=" in one
    assert first.startswith("a.jpg Prediction(label=")
    assert second == "b.jpg b.jpg: No such file or directory"


def test_the_page_on_python(shown: Path) -> None:
    assert "prediction" in ran(PYTHON, "from edge_cifar import Classifier\n\nclassifier = Classifier(", shown)


def test_its_camera(shown: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    class Camera:
        def __init__(self, number: int):
            self.left = 2 - number

        def read(self) -> tuple[bool, npt.NDArray[np.uint8] | None]:
            self.left -= 1
            return (True, np.zeros((4, 4, 3), np.uint8)) if self.left >= 0 else (False, None)

    opencv = ModuleType("cv2")
    opencv.VideoCapture = Camera  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "cv2", opencv)
    ran(PYTHON, "import cv2", shown)
    assert capsys.readouterr().out.count("Prediction(label=") == 2
