from pathlib import Path

import numpy as np
from edge_cifar.edge.report.confused_photos import PAIRS, PHOTOS, confused_section
from elements import Elements
from PIL import Image

LABELS = ["cat", "<dog>", "fish"]


def photo(_: str) -> np.ndarray:
    return np.zeros((8, 8, 3), dtype=np.uint8)


def section(targets: list[int], answers: list[int], sure: list[float]) -> str:
    probabilities = np.full((len(targets), len(LABELS)), 0.0)
    probabilities[np.arange(len(targets)), answers] = sure
    ids = [f"{LABELS[target]}/{i}.jpg" for i, target in enumerate(targets)]
    return confused_section(LABELS, ids, np.array(targets), probabilities, photo)


def test_the_most_frequent_pairs_come_first_with_the_surest_of_their_photos() -> None:
    page = section([0] * 6 + [1, 1, 2], [1] * 6 + [2, 2, 2], [0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 0.7, 0.8, 1.0])
    text = Elements(page).text
    assert text.index("cat, taken for <dog>: 6 images of 6") < text.index("<dog>, taken for fish: 2 images of 2")
    assert len(Elements(page).sources) == PHOTOS + 2
    assert text.index("cat/5.jpg") < text.index("cat/4.jpg")
    assert "cat/1.jpg" not in text
    assert "100% sure of <dog>" in text


def test_without_a_mistake_there_is_no_section() -> None:
    assert section([0, 1], [0, 1], [1, 1]) == ""


def test_photos_are_opened_only_where_they_are_shown(tmp_path: Path) -> None:
    asked = []

    def photo_of(name: str) -> Path:
        asked.append(name)
        path = tmp_path / f"{len(asked)}.png"
        Image.new("RGB", (600, 400)).save(path)
        return path

    random = np.random.RandomState(0)
    targets, probabilities = random.randint(0, 20, 1000), random.rand(1000, 20)
    labels, ids = [str(i) for i in range(20)], [str(i) for i in range(1000)]
    page = confused_section(labels, ids, targets, probabilities, photo_of)
    assert len(asked) == PAIRS * PHOTOS == len(Elements(page).sources)
