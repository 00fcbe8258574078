"""`edge-cifar export` from outside: what it refuses, and what it does when nothing is in budget."""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from edge_cifar.edge.errors import ModelError
from edge_cifar.edge.files.atomic_write import file_sha256
from edge_cifar.edge.model.card import read_card
from edge_cifar.edge.model.golden_logits import verify_model
from edge_cifar.edge.model.onnx_file import read_onnx
from edge_cifar.export.pipeline.export_files import Order
from edge_cifar.export.pipeline.export_run import export_run
from edge_cifar.export.pipeline.run_source import run_source
from edge_cifar.export.quantization.accuracy_ladder import Budget
from edge_cifar.train.data.load_splits import load_dataset
from edge_cifar.train.nets.catalogue import NETS
from edge_cifar.train.nets.torch_modules import build_net
from edge_cifar.train.runs.run_folder import Run
from exporting import export


@pytest.fixture
def run(tmp_path: Path, learnt: Run) -> Run:
    """A run of random weights, on the photos of `learnt`."""
    torch.manual_seed(1)
    run = Run(tmp_path / "runs/random", learnt.recipe, learnt.data, {"torch": "2"})
    run.create()
    run.save_weights(build_net(NETS["single"], classes=len(run.labels)), epoch=1, val_accuracy=0.1)
    return run


def digests(folder: Path) -> dict[str, str]:
    return {path.name: file_sha256(path) for path in folder.iterdir() if path.is_file()}


def test_nothing_in_budget_leaves_no_int8_file_and_tells_what_was_tried(learnt: Run, tmp_path: Path) -> None:
    export_run(learnt, Order(Budget(max_drop=100), quantize=True), tmp_path)
    done = export_run(learnt, Order(Budget(max_drop=-100), quantize=True), tmp_path)
    assert done.int8_missing
    assert not (tmp_path / "model.int8.onnx").exists()
    assert not (tmp_path / "flips.png").exists()
    assert (tmp_path / "model.fp32.onnx").exists()
    summary = json.loads((tmp_path / "export.json").read_text())
    assert len(summary["rungs"]) == 10
    assert (summary["kept"], summary["removed"]) == ([], ["model.int8.onnx", "flips.png"])
    assert summary["default"] == "model.fp32.onnx"
    assert "\n".join(done.lines).count("layers in float") == 2
    assert "removed, of an earlier export outside this budget: model.int8.onnx, flips.png" in done.lines


def test_an_export_names_the_digest_of_each_of_its_files(learnt: Run, tmp_path: Path) -> None:
    export_run(learnt, Order(Budget(max_drop=100), quantize=True, also=["fp16"]), tmp_path)
    named = json.loads((tmp_path / "export.json").read_text())["sha256"]
    assert named == {name: digest for name, digest in digests(tmp_path).items() if name != "export.json"}
    assert sorted(named) == ["flips.png", "model.fp16.onnx", "model.fp32.onnx", "model.int8.onnx", "report.html"]


def test_an_export_keeps_and_names_what_it_does_not_make_anew(learnt: Run, tmp_path: Path) -> None:
    export_run(learnt, Order(Budget(max_drop=100), quantize=True, also=["fp16"]), tmp_path)
    before, default = digests(tmp_path), json.loads((tmp_path / "export.json").read_text())["default"]
    done = export_run(learnt, Order(Budget()), tmp_path)
    after, summary = digests(tmp_path), json.loads((tmp_path / "export.json").read_text())
    for name in ("model.int8.onnx", "model.fp16.onnx", "flips.png", "model.fp32.onnx"):
        assert after[name] == before[name]
    assert done.lines[-1] == "kept, of an earlier export of the same weights: model.int8.onnx, model.fp16.onnx"
    assert (summary["kept"], summary["removed"]) == (["model.int8.onnx", "model.fp16.onnx"], [])
    assert summary["default"] == default
    assert summary["sha256"]["model.int8.onnx"] == after["model.int8.onnx"]
    assert [file["file"] for file in summary["files"]] == ["model.fp32.onnx"]


def test_files_of_other_weights_do_not_stay_beside_new_ones(learnt: Run, run: Run, tmp_path: Path) -> None:
    export_run(learnt, Order(Budget(max_drop=100), quantize=True, also=["fp16"]), tmp_path / "out")
    (tmp_path / "out/notes.txt").write_text("mine")
    done = export_run(run, Order(Budget()), tmp_path / "out")
    assert sorted(digests(tmp_path / "out")) == ["export.json", "model.fp32.onnx", "notes.txt", "report.html"]
    removed = ["model.int8.onnx", "model.fp16.onnx", "flips.png"]
    assert (done.summary["kept"], done.summary["removed"]) == ([], removed)
    assert done.lines[-1] == f"removed, of an earlier export of other weights, labels or pixels: {', '.join(removed)}"


def test_a_file_of_the_users_stops_the_export_before_it_begins(run: Run) -> None:
    (run.folder / "model.int8.onnx").write_bytes(b"mine")
    before = digests(run.folder)
    done = export("--quantize", cwd=run.folder.parents[1])
    assert done.returncode == 1
    assert "model.int8.onnx: exists, not as edge-cifar wrote it" in done.stderr
    assert digests(run.folder) == before
    assert export(cwd=run.folder.parents[1]).returncode == 0  # which leaves it alone
    assert (run.folder / "model.int8.onnx").read_bytes() == b"mine"


def test_an_export_that_fails_leaves_the_files_of_the_one_before(learnt: Run, tmp_path: Path) -> None:
    export_run(learnt, Order(Budget(max_drop=100), quantize=True), tmp_path)
    before = digests(tmp_path)
    impossible = Order(Budget(), also=["dynamic"], target_ort="99.0")  # of which there is no package, here or anywhere
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PIP_NO_INDEX", "1")
        with pytest.raises(ModelError, match=r"onnxruntime 99\.0 can't be installed"):
            export_run(learnt, impossible, tmp_path)
    assert digests(tmp_path) == before
    assert [path for path in tmp_path.iterdir() if path.is_dir()] == []


def test_weights_that_change_meanwhile_are_not_exported(run: Run) -> None:
    source = run_source(run)
    source.require_unchanged()
    run.save_weights(run.load_net(), epoch=2, val_accuracy=0.5)
    with pytest.raises(ModelError, match="changed while it was exported"):
        source.require_unchanged()


def test_out_names_another_folder_and_the_run_stays_as_it_is(run: Run, tmp_path: Path) -> None:
    before = digests(run.folder)
    done = export("--out", "elsewhere/deep", "--also", "fp16", "--also", "fp16", "--json", cwd=tmp_path)
    unfinished = "runs/random: not trained to its end; its weights so far are of epoch 1 of 40\n"
    assert (done.returncode, done.stderr) == (0, unfinished)
    made = ["export.json", "model.fp16.onnx", "model.fp32.onnx", "report.html"]
    assert sorted(digests(tmp_path / "elsewhere/deep")) == made
    assert digests(run.folder) == before
    assert [file["file"] for file in json.loads(done.stdout)["files"]] == ["model.fp32.onnx", "model.fp16.onnx"]


@pytest.mark.usefixtures("run", "runtime")
def test_an_export_may_bring_its_page(tmp_path: Path) -> None:
    done = export("--web", "site", "--out", "files", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stderr.endswith("a page for browsers is in site\n")
    assert file_sha256(tmp_path / "site/models/model.fp32.onnx") == file_sha256(tmp_path / "files/model.fp32.onnx")
    assert (tmp_path / "site/index.html").exists()


@pytest.mark.usefixtures("run")
def test_what_a_page_needs_is_asked_for_before_the_export(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    done = export("--web", "site", "--out", "files", cwd=tmp_path)
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "onnxruntime-web, which runs nets in a browser, is not installed; run: npm pack" in done.stderr
    assert not (tmp_path / "files").exists()


def test_names_that_are_no_utf_8_do_not_end_an_export(learnt: Run, tmp_path: Path) -> None:
    data = tmp_path / "photos"
    shutil.copytree(learnt.recipe.data, data)
    for part in ("train", "test"):
        for path in list((data / part / "moss").iterdir()):
            path.rename(path.parent / os.fsdecode(b"\xff" + os.fsencode(path.name)))
    recipe = replace(learnt.recipe, data=str(data))
    described = load_dataset(recipe.data, recipe.size, recipe.val_fraction, recipe.seed).describe()
    run = Run(tmp_path / "run", recipe, described, {"torch": "2"})
    run.create()
    shutil.copy(learnt.weights, run.folder)
    export_run(run, Order(Budget(max_drop=100), quantize=True, also=["dynamic"]), run.folder)
    assert (
        "xff" in (run.folder / "export.json").read_bytes().decode()
        or "udcff" in (run.folder / "export.json").read_bytes().decode()
    )
    assert json.loads((run.folder / "export.json").read_bytes())["files"][1]["file"] == "model.int8.onnx"
    assert (run.folder / "report.html").read_bytes().decode()


def test_a_file_that_is_not_portable_says_so_in_all_places(run: Run) -> None:
    done = export("--quantize", "--max-drop", "100", "--not-portable", cwd=run.folder.parents[1])
    assert done.returncode == 0, done.stderr
    assert "model.int8.onnx on other CPUs: NOT PORTABLE" in done.stdout
    summary = json.loads((run.folder / "export.json").read_text())
    assert summary["budget"]["portable"] is False
    assert summary["rungs"][0]["portability"].startswith("NOT PORTABLE")
    assert summary["files"][1]["portability"].startswith("NOT PORTABLE")
    assert "on other CPUs: NOT PORTABLE" in (run.folder / "report.html").read_text()
    doubt = summary["files"][1]["doubts"][0]
    assert doubt.endswith(": products of its weights may leave 16 bits")
    assert f"not proven since {doubt}" in done.stdout
    assert f"not proven since {doubt}" in (run.folder / "report.html").read_text()
    _, onnx_file = read_onnx(run.folder / "model.int8.onnx")
    assert read_card(onnx_file.metadata, run.folder).portability.startswith("NOT PORTABLE")


def test_the_card_tells_what_one_image_costs(run: Run) -> None:
    card = run_source(run).card
    assert card.parameters == 66_051
    assert card.macs == 32 * 32 * 16 * 3 * 3 * 3 + 16 * 16 * 16 * 16 + 16 * 3  # the convolution, two dense layers


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nowhere"], "nowhere: no run here"),
        (["runs/random", "--data", "elsewhere"], "elsewhere: no such dataset folder"),
        (["runs/random", "--target-ort", "latest"], "--target-ort latest: not a release of onnxruntime"),
        (
            ["runs/random/config.json"],
            "runs/random/config.json: a file, but only run folders of `edge-cifar train` and .onnx",
        ),
        (["runs/random", "--out", "runs/random/config.json"], "config.json: not a folder; choose another --out"),
        (["runs/random", "--out", "runs/random/config.json/deep"], "cannot write runs/random/config.json/deep: "),
    ],
)
def test_what_is_missing_is_named_in_one_line(run: Run, arguments: list[str], message: str) -> None:
    done = export(*arguments, cwd=run.folder.parents[1])
    assert done.returncode == 1
    assert message in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--quantize", "--max-drop", "-0.1"], "'--max-drop': -0.1 is no number of points, 0 to 100"),
        (["--quantize", "--max-drop", "nan"], "'--max-drop': nan is no number of points"),
        (["--quantize", "--max-drop", "inf"], "'--max-drop': inf is no number of points"),
        (["--quantize", "--calibration-size", "0"], "'--calibration-size': 0 is not in the range"),
        (["--quantize", "--calibration-size", "1" + "0" * 30], "'--calibration-size'"),
        (["--quantize", "--calibration-seed", "-1"], "'--calibration-seed'"),
        (["--quantize", "--qat-epochs", "-1"], "'--qat-epochs'"),
        (["--max-drop", "1"], "--max-drop: means nothing without --quantize"),
        (["--keep-all"], "--keep-all: means nothing without --quantize"),
        (["--also", "int4"], "'--also': 'int4' is none of qoperator, fp16, dynamic, weight-only"),
    ],
)
def test_values_without_sense_are_wrong_usage(tmp_path: Path, arguments: list[str], message: str) -> None:
    done = export(*arguments, cwd=tmp_path)
    assert done.returncode == 2
    assert message in " ".join(done.stderr.split())


def test_weights_that_give_no_numbers_are_called_so(run: Run) -> None:
    net = run.load_net()
    with torch.no_grad():
        next(net.parameters()).fill_(3e38)  # finite, so that only what it computes is not
    run.save_weights(net, epoch=1, val_accuracy=0.1)
    done = export(cwd=run.folder.parents[1])
    assert done.returncode == 1
    assert "the trained net gives NaN logits, so its training went astray; train again" in done.stderr


def test_parity_is_relative_to_the_logits(learnt: Run, tmp_path: Path) -> None:
    run = Run(tmp_path / "run", learnt.recipe, learnt.data, learnt.versions)
    run.create()
    net = learnt.load_net()
    with torch.no_grad():
        for parameter in list(net.parameters())[-2:]:
            parameter.mul_(30_000)
    run.save_weights(net, epoch=1, val_accuracy=0.5)
    done = export_run(run, Order(Budget()), run.folder)
    [file] = done.summary["files"]
    assert file["largest_logit_difference"] > 1e-3
    assert file["at_bound"]
    assert any("the nearest that a card can say" in line for line in done.lines)
    assert verify_model(run.folder / "model.fp32.onnx").tolerance > 1


def test_without_any_run_the_way_to_one_is_told(tmp_path: Path) -> None:
    done = export(cwd=tmp_path)
    assert done.returncode == 1
    assert "train one with `edge-cifar train`" in done.stderr


def test_data_that_has_changed_since_training_is_refused(run: Run) -> None:
    config = json.loads((run.folder / "config.json").read_text())
    config["data"]["splits"]["train"]["sha256"] = "0" * 64
    (run.folder / "config.json").write_text(json.dumps(config))
    done = export(cwd=run.folder.parents[1])
    assert done.returncode == 1
    assert "not the images that" in done.stderr


def test_the_command_itself_ends_in_one_line(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "edge_cifar.edge", "export", "nowhere"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=300, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("edge-cifar export: nowhere: no run here")
    assert done.stderr.count("\n") == 1


def test_pickled_weights_are_refused_unopened(run: Run) -> None:
    torch.save({"weight": torch.zeros(1)}, run.folder / "weights.safetensors")
    done = export(cwd=run.folder.parents[1])
    assert done.returncode == 1
    assert "not the weights of this run" in done.stderr
