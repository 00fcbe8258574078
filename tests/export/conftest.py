"""A run that has learnt something, in a second: its temperature is not 1, its threshold not 0, its test not its val."""

import numpy as np
import pytest
import torch
from edge_cifar.train.data.load_splits import load_dataset
from edge_cifar.train.nets.catalogue import NETS
from edge_cifar.train.nets.torch_modules import build_net
from edge_cifar.train.recipe.recipe import Recipe
from edge_cifar.train.runs.run_folder import Run
from PIL import Image

IMAGES = {"train": 80, "val": 50, "test": 30}  # of each class
COLOURS = {"moss": (110, 130, 110), "brick": (130, 115, 110), "slate": (115, 120, 130)}
STEPS = 25


@pytest.fixture(scope="session")
def learnt(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """The net `single` after a few steps on noise of three colours. Tests export it elsewhere and leave it as it is."""
    folder, random = tmp_path_factory.mktemp("learnt"), np.random.RandomState(0)
    for split, n in IMAGES.items():
        for name, colour in COLOURS.items():
            (folder / "photos" / split / name).mkdir(parents=True)
            for i in range(n):
                pixels = random.normal(colour + random.normal(0, 14, 3), 40, (32, 32, 3)).clip(0, 255)
                Image.fromarray(pixels.astype(np.uint8)).save(folder / "photos" / split / name / f"{i}.png")
    recipe = Recipe(data=str(folder / "photos"), net="single")
    data = load_dataset(recipe.data, recipe.size, recipe.val_fraction, recipe.seed)
    run = Run(folder / "run", recipe, data.describe(), {"torch": "2"})
    run.create()
    torch.manual_seed(0)
    net = build_net(NETS[recipe.net], classes=len(COLOURS))
    optimizer = torch.optim.Adam(net.parameters(), lr=1e-3)
    for _ in range(STEPS):
        part = random.randint(len(data.train), size=64)
        images, targets = torch.from_numpy(data.train.images[part]), torch.from_numpy(data.train.targets[part])
        optimizer.zero_grad()
        torch.nn.functional.cross_entropy(net(images), targets).backward()
        optimizer.step()
    run.save_weights(net.eval(), epoch=1, val_accuracy=0.5)
    return run
