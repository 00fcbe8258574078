"""`edge-cifar export` of somebody else's ONNX file, from outside."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx
import pytest
from edge_cifar.edge.inference.classifier import Classifier
from edge_cifar.edge.model.contract import Model
from edge_cifar.edge.model.golden_logits import verify_model
from edge_cifar.export.quantization.variants import VARIANTS
from exporting import export
from foreign import LETTERS, net, save
from onnx import helper
from PIL import Image

COLOURS = dict(zip(LETTERS, ((200, 60, 60), (60, 200, 60), (60, 60, 200), (200, 200, 60)), strict=True))
SIZE = 16


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Noise of four colours, in class folders."""
    folder, random = tmp_path_factory.mktemp("photos"), np.random.RandomState(0)
    for name, colour in COLOURS.items():
        (folder / name).mkdir()
        for i in range(30):
            pixels = random.normal(colour, 60, (24, 32, 3)).clip(0, 255).astype(np.uint8)
            Image.fromarray(pixels).save(folder / name / f"{i}.png")
    return folder


@pytest.fixture
def theirs(tmp_path: Path) -> Path:
    """A net that tells the colours, with a convolution, a ReLU6, a global mean, a dense layer and a Softmax."""
    random = np.random.RandomState(1)
    colours = np.array([*COLOURS.values()], np.float32) / 255 - 0.5
    weight = np.concatenate([np.eye(3), -np.eye(3), random.normal(size=(6, 3))]).astype(np.float32)
    dense = np.concatenate([colours, -colours, np.zeros((4, 6), np.float32)], axis=1)
    nodes = [
        helper.make_node("Conv", ["image", "weight"], ["features"], "conv", pads=[1, 1, 1, 1], strides=[2, 2]),
        helper.make_node("Clip", ["features", "zero", "six"], ["clipped"], "relu6"),
        helper.make_node("GlobalAveragePool", ["clipped"], ["pooled"], "pool"),
        helper.make_node("Flatten", ["pooled"], ["flat"], "flatten"),
        helper.make_node("Gemm", ["flat", "dense", "bias"], ["logits"], "gemm", transB=1),
        helper.make_node("Softmax", ["logits"], ["scores"], "softmax"),
    ]
    kernel = np.zeros((12, 3, 3, 3), np.float32)
    kernel[:, :, 1, 1] = weight
    model = net(
        nodes,
        image=("N", 3, SIZE, SIZE),
        weight=kernel,
        zero=np.float32(0),
        six=np.float32(6),
        dense=dense * 8,
        bias=np.zeros(4, np.float32),
    )
    return save(model, tmp_path)


def test_a_labelled_folder_gives_accuracy_and_a_portable_int8_file(theirs: Path, photos: Path) -> None:
    done = export("net.onnx", "--data", str(photos), "--quantize", "--labels", "letters.txt", "--like", "imagenet",
                  "--resize", "squash", "--json", "--max-drop", "20", cwd=theirs.parent)  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "labels: letters.txt" in done.stderr
    summary = json.loads(done.stdout)
    assert summary["original"] == "net.onnx"
    fp32, int8 = summary["files"]
    assert fp32["test"]["top1"] > 0.9
    assert int8["portability"] == "same bits on every CPU"
    folder = theirs.with_suffix("")
    assert {path.name for path in folder.iterdir()} >= {"model.fp32.onnx", "model.int8.onnx", "report.html"}
    assert verify_model(folder / "model.int8.onnx").passed
    card = Model(folder / "model.int8.onnx").card
    assert (card.net, card.labels, card.size, card.resize) == ("net", LETTERS, SIZE, "squash-bilinear")
    assert card.accuracy["test"]["n"] == fp32["test"]["n"]
    assert card.agreement is None
    assert card.parameters == 12 * 27 + 12 + 4 * 12 + 4
    assert card.macs == 8 * 8 * 12 * 27 + 4 * 12
    with Classifier(folder / "model.int8.onnx") as classifier:
        assert classifier.predict(photos / "b" / "0.png").guess == "b"


def test_unlabelled_photos_give_agreement_and_no_accuracy(theirs: Path, photos: Path) -> None:
    done = export("net.onnx", "--data", str(photos), "--unlabelled", "--quantize", "--labels", "letters.txt",
                  "--like", "unit", "--resize", "crop", "--out", "made", "--max-drop", "20",
                  cwd=theirs.parent)  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "accuracy" not in done.stdout
    assert "the trained net" not in done.stdout
    card = Model(theirs.parent / "made" / "model.int8.onnx").card
    assert card.accuracy == {}
    assert card.agreement is not None
    assert card.agreement["share"] > 0.8
    assert (card.temperature, card.abstain_threshold) == (1.0, 0.0)


def test_a_folder_without_class_folders_is_of_photos_without_labels(theirs: Path, photos: Path) -> None:
    for path in photos.glob("*/*.png"):
        shutil.copy(path, theirs.parent / f"{path.parent.name}{path.name}")
    done = export("net.onnx", "--data", ".", "--quantize", "--labels", "letters.txt", "--like", "unit",
                  "--resize", "crop", "--json", cwd=theirs.parent)  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "no class folders in the data: its photos are taken without labels" in done.stderr
    summary = json.loads(done.stdout)
    assert summary["budget"]["best_effort"] is True
    assert min(rung["drop"] for rung in summary["rungs"]) == pytest.approx(
        100 * (1 - summary["files"][1]["val"]["same_answers"])
    )


def test_variants_are_written_too(theirs: Path, photos: Path) -> None:
    also = [word for name in VARIANTS for word in ("--also", name)]
    done = export("net.onnx", "--data", str(photos), "--labels", "letters.txt", "--like", "imagenet", *also, "--json",
                  cwd=theirs.parent)  # fmt: skip
    assert done.returncode == 0, done.stderr
    files = json.loads(done.stdout)["files"]
    assert [file["file"] for file in files] == ["model.fp32.onnx", *(f"model.{name}.onnx" for name in VARIANTS)]
    assert min(file["test"]["same_answers"] for file in files) > 0.9


def test_exporting_again_gives_the_same_bytes(theirs: Path, photos: Path) -> None:
    told = ("--data", str(photos), "--quantize", "--labels", "letters.txt", "--like", "tf", "--resize", "squash")
    for name in ("first", "second"):
        assert export("net.onnx", *told, "--max-drop", "50", "--out", name, cwd=theirs.parent).returncode == 0
    for name in ("model.fp32.onnx", "model.int8.onnx"):
        first, second = ((theirs.parent / folder / name).read_bytes() for folder in ("first", "second"))
        assert first == second


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (["net.onnx"], 1, "net.onnx: --data names photos to prove it on"),
        (["net.onnx", "--data", "{photos}"], 1, "nothing says how its pixels are scaled (--like imagenet"),
        (["other.onnx", "--data", "{photos}"], 1, "other.onnx: no such file"),
        (["letters.onnx", "--data", "{photos}"], 1, "letters.onnx: not an ONNX file"),
        (["letters.txt", "--data", "{photos}"], 1, "letters.txt: a file, but only run folders"),
        (["net.onnx", "--data", "{photos}", "--mean", "a"], 2, "'a': expected a number, or three"),
        (["net.onnx", "--data", "{photos}", "--crop-share", "7"], 2, "--crop-share is above 0"),
        (["net.onnx", "--data", "{photos}", "--quantize", "--qat-epochs", "1"], 2, "an .onnx file can't be trained"),
        (["runs/one", "--like", "unit"], 2, "is for somebody else's .onnx file"),
        (["net.onnx", "--data", "nowhere", "--like", "unit", "--labels", "letters.txt", "--resize", "crop"], 1,
         "nowhere: no such"),
    ],
)  # fmt: skip
def test_what_is_missing_is_named_in_one_line(
    theirs: Path, photos: Path, arguments: list[str], status: int, message: str
) -> None:
    (theirs.parent / "letters.onnx").write_text("a\nb\n")
    done = export(*(each.format(photos=photos) for each in arguments), cwd=theirs.parent)
    assert done.returncode == status
    assert message in " ".join(done.stderr.split())
    assert not theirs.with_suffix("").exists()


def test_classes_that_the_net_does_not_know_are_named(theirs: Path, photos: Path, tmp_path: Path) -> None:
    (tmp_path / "names.txt").write_text("a\nb\nc\nzebra\n")
    done = export("net.onnx", "--data", str(photos), "--labels", "names.txt", "--like", "unit", "--resize", "crop",
                  cwd=theirs.parent)  # fmt: skip
    assert done.returncode == 1
    assert "'d' is none of the model's 4 labels" in done.stderr


def test_a_graph_that_computes_something_else_is_not_kept(theirs: Path, photos: Path) -> None:
    model = onnx.load(theirs)
    noise = helper.make_node("RandomUniformLike", ["logits"], ["noise"], "noise")
    added = helper.make_node("Add", ["logits", "noise"], ["noisy"], "added")
    model.graph.node.insert(5, noise)
    model.graph.node.insert(6, added)
    model.graph.node[7].input[0] = "noisy"
    onnx.save(model, theirs)
    done = export("net.onnx", "--data", str(photos), "--labels", "letters.txt", "--like", "unit", "--resize", "crop",
                  cwd=theirs.parent)  # fmt: skip
    assert done.returncode == 1
    assert not theirs.with_suffix("").exists()


def test_a_net_that_no_device_would_read_is_refused_at_once(theirs: Path, photos: Path) -> None:
    model = onnx.load(theirs)
    large = onnx.TensorProto(name="large", data_type=onnx.TensorProto.FLOAT, dims=[2**26 + 1])
    large.raw_data = bytes(4 * (2**26 + 1))
    model.graph.initializer.append(large)
    onnx.save(model, theirs)
    done = export("net.onnx", "--data", str(photos), "--labels", "letters.txt", "--like", "imagenet", cwd=theirs.parent)
    assert done.returncode == 1
    assert "net.onnx: 268 MB of float32 weights; files of up to 268 MB are read on devices" in done.stderr


def test_no_torch_is_loaded(theirs: Path, photos: Path) -> None:
    code = (
        "import sys\nfrom edge_cifar.edge.cli.command_table import build_app\n"
        "try:\n    build_app('export')(sys.argv[1:])\nexcept SystemExit as end:\n    assert not end.code, end.code\n"
        "print('torch' in sys.modules)"
    )
    arguments = ("export", "net.onnx", "--data", str(photos), "--labels", "letters.txt", "--like", "unit",
                 "--resize", "crop", "--quantize", "--max-drop", "50")  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], cwd=theirs.parent, capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == "False"


@pytest.mark.parametrize(
    "said", [("--like", "unit", "--resize", "squash"), ("--like", "imagenet"), ("--labels", "others.txt")]
)
def test_an_earlier_file_of_other_labels_or_pixels_does_not_stay(
    theirs: Path, photos: Path, said: tuple[str, ...]
) -> None:
    (theirs.parent / "others.txt").write_text("\n".join(reversed(LETTERS)))
    first = (
        "--data",
        str(photos),
        "--unlabelled",
        "--labels",
        "letters.txt",
        "--like",
        "imagenet",
        "--resize",
        "squash",
    )
    assert export("net.onnx", *first, "--also", "fp16", cwd=theirs.parent).returncode == 0
    again = export("net.onnx", *first, cwd=theirs.parent)
    assert "kept, of an earlier export of the same weights: model.fp16.onnx" in again.stdout
    changed = ("--resize", "crop", *said) if said == ("--like", "imagenet") else said
    done = export("net.onnx", *first, *changed, cwd=theirs.parent)
    assert done.returncode == 0, done.stderr
    assert "other weights, labels or pixels: model.fp16.onnx" in done.stdout
    assert not (theirs.with_suffix("") / "model.fp16.onnx").exists()


@pytest.mark.skipif(sys.platform != "linux", reason="names that are no UTF-8")
def test_a_file_whose_name_is_no_utf8_or_in_capitals_is_exported(theirs: Path, photos: Path) -> None:
    odd = theirs.rename(theirs.parent / "net\udcff.ONNX")
    done = export(odd.name, "--data", str(photos), "--labels", "letters.txt", "--like", "unit", "--resize", "squash",
                  "--out", "made", cwd=theirs.parent)  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert Model(theirs.parent / "made/model.fp32.onnx").card.net == r"net\udcff"
