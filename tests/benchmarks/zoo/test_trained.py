from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from edge_cifar.benchmarks.zoo.trained import Row, as_torchvision, folder_of, learn, markdown, moved, trained
from edge_cifar.edge.data.labelled_images import LabelledImages
from edge_cifar.edge.errors import EdgeCifarError

ROW = Row("resnet18", 0, 400, 0.8, 0.795, 0.98, "same bits on every CPU", 60, 30)


def test_it_learns_which_of_two_kinds_a_photo_is() -> None:
    pixels = np.random.default_rng(0).integers(0, 60, (96, 16, 16, 4)).astype(np.uint8)
    targets = np.arange(96) % 2
    pixels[targets == 1, :, :, 0] += 120
    photos = LabelledImages(pixels, targets, ("dark", "red"), tuple(map(str, range(96))))
    torch.manual_seed(0)
    net = torch.nn.Sequential(torch.nn.Conv2d(3, 4, 3), torch.nn.ReLU(), torch.nn.Flatten(), torch.nn.Linear(784, 2))

    assert learn(net, photos, epochs=8) > 0
    assert (net(as_torchvision(pixels)).argmax(1).numpy() == targets).all()


def test_a_photo_is_moved_and_mirrored_but_nothing_else() -> None:
    images = torch.arange(1.0, 401).reshape(1, 1, 20, 20).repeat(64, 3, 1, 1)
    made = moved(images, torch.Generator().manual_seed(0))

    assert made.shape == images.shape
    assert len({image.sum().item() for image in made}) > 32  # each in its own way
    for image in made[:, 0]:
        both = (image[:, 1:] > 0) & (image[:, :-1] > 0)
        assert (image.diff(dim=1)[both].abs() == 1).all()  # neighbours stay neighbours
        assert both.sum() >= 12 * 11


def test_a_line_is_the_mean_of_the_seeds_beside_what_was_published() -> None:
    page = markdown({"epochs": "20"}, [ROW, replace(ROW, seed=1, int8_top1=0.8)])
    assert "- epochs: 20\n" in page
    assert "| resnet18 | same bits on every CPU | 2 | 80.0% of 400 | **0.25** (0.00 - 0.50) | 0.15 | 98.0% |" in page


def test_a_net_that_nothing_was_published_of_is_refused(tmp_path: Path) -> None:
    with pytest.raises(EdgeCifarError, match="--nets: 'vgg16' is none of mobilenet_v2, "):
        trained("photos", tmp_path, "resnet18,vgg16", out=tmp_path / "out.json")


def test_a_net_that_was_trained_otherwise_lies_elsewhere(tmp_path: Path) -> None:
    targets, names = np.arange(2), ("a", "b")
    black, gray, large = (
        LabelledImages(np.full((2, side, side, 4), level, np.uint8), targets, names, names)
        for side, level in ((8, 0), (8, 9), (9, 0))
    )
    others = [
        ("resnet18", 1, black, 40),
        ("resnet18", 0, black, 20),
        ("resnet18", 0, gray, 40),
        ("resnet18", 0, large, 40),
    ]
    folders = {folder_of(tmp_path, *each) for each in (("resnet18", 0, black, 40), ("vgg11", 0, black, 40), *others)}
    assert len(folders) == 6
