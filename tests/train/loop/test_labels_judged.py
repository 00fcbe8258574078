"""A training says which photos contradict their folder, where photos lie in folders."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from edge_cifar.train.loop.distributed import World
from edge_cifar.train.loop.train_run import Session, Summary
from edge_cifar.train.recipe.recipe import make_recipe
from PIL import Image

SWAPPED = {"red/blue-7.png", "red/blue-31.png", "blue/red-12.png"}


def train(data: str, out: Path, **changes: object) -> Summary:
    recipe = make_recipe("quick", {"data": data, "net": "single", "size": 8, "augment": "none", **changes})
    return Session(torch.device("cpu"), World(), tensorboard=False).train(recipe, out)


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """Eighty red and blue photos, three of them in the other's folder."""
    random = np.random.RandomState(0)
    colours = {"red": (220, 40, 40), "blue": (40, 40, 220)}
    for label, colour in colours.items():
        for i in range(40):
            wrong = next((name for name in SWAPPED if name.endswith(f"/{label}-{i}.png")), None)
            path = tmp_path / "photos" / (wrong or f"{label}/{label}-{i}.png")
            path.parent.mkdir(parents=True, exist_ok=True)
            noise = random.randint(-30, 30, (8, 8, 3))
            Image.fromarray((np.array(colour) + noise).clip(0, 255).astype(np.uint8)).save(path)
    return tmp_path / "photos"


def test_photos_in_a_folder_of_another_class_are_found_and_named(photos: Path, tmp_path: Path) -> None:
    summary = train(str(photos), tmp_path / "run", epochs=8, batch_size=8, lr=0.1)
    rows = [json.loads(line) for line in (tmp_path / "run/doubtful.jsonl").read_text().splitlines()]
    assert {row["id"] for row in rows} == SWAPPED
    assert {row["path"] for row in rows} == {str(photos / name) for name in SWAPPED}
    assert summary.text().splitlines() == [
        f"test accuracy {summary.result.test_accuracy:.2%} ({summary.result.test_images} images)",
        f"report {tmp_path / 'run/report.html'}",
        f"3 photos contradict their folders: see there, or {tmp_path / 'run/doubtful.jsonl'}",
    ]


def test_labels_of_images_that_are_no_files_are_not_judged(tmp_path: Path) -> None:
    summary = train("synthetic", tmp_path / "run", epochs=1)
    assert not (tmp_path / "run/doubtful.jsonl").exists()
    assert summary.text().splitlines()[1:] == [f"report {tmp_path / 'run/report.html'}"]
