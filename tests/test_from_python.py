"""Training from Python, by the very lines of train/README.md."""

import re
import runpy
from pathlib import Path

import numpy as np
import pytest
import torch
from edge_cifar.edge.model.golden_logits import verify_model
from edge_cifar.train.runs.run_folder import open_run
from PIL import Image

README = Path(__file__).resolve().parents[1] / "train" / "README.md"
COLOURS = {"leaf": (60, 160, 60), "brick": (160, 60, 60)}


def test_the_lines_of_the_readme_train_export_and_classify(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (lines,) = re.findall(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    (tmp_path / "example.py").write_text(lines, encoding="utf-8")
    random = np.random.RandomState(0)

    def save(path: Path, colour: tuple[int, int, int]) -> None:
        pixels = random.normal(colour + random.normal(0, 10, 3), 20, (32, 32, 3))
        Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(path)

    for label, colour in COLOURS.items():
        (tmp_path / "photos" / label).mkdir(parents=True)
        for i in range(60):
            save(tmp_path / "photos" / label / f"{i}.jpg", colour)
    save(tmp_path / "new.jpg", COLOURS["leaf"])
    monkeypatch.chdir(tmp_path)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # nets this small are slower on more
    try:
        runpy.run_path("example.py")
    finally:
        torch.set_num_threads(threads)
    accuracy, label = capsys.readouterr().out.split()
    run = open_run(tmp_path / "runs/photos")
    result = run.result()
    assert result is not None
    assert float(accuracy) == result.test_accuracy >= 0.8
    assert label == "leaf"
    assert run.recipe.epochs == result.epochs == 10
    for name in ("fp32", "int8"):
        assert verify_model(run.folder / f"model.{name}.onnx").passed
