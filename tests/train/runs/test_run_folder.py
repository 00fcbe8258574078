import json
import math
import os
from dataclasses import asdict
from pathlib import Path

import pytest
import torch
from edge_cifar.edge.errors import EdgeCifarError, RunError
from edge_cifar.train.nets.catalogue import NETS
from edge_cifar.train.nets.torch_modules import build_net
from edge_cifar.train.recipe.recipe import Recipe
from edge_cifar.train.runs.final_result import Result
from edge_cifar.train.runs.run_folder import (
    CONFIG,
    WEIGHTS,
    Run,
    check_new,
    check_own,
    make_new_folder,
    newest_run,
    open_run,
)


@pytest.fixture
def run(tmp_path: Path) -> Run:
    run = Run(tmp_path / "run", Recipe(), {"name": "pets", "labels": ["cat", "dog"], "splits": {}}, {"torch": "2"})
    run.create()
    return run


def test_a_run_reads_back_what_was_written(run: Run) -> None:
    run.log({"epoch": 1})
    run.log({"epoch": 2})
    assert open_run(run.folder) == run
    assert run.history() == [{"epoch": 1}, {"epoch": 2}]


def test_weights_read_back_to_the_bit(run: Run) -> None:
    net = build_net(NETS["batchnorm"], classes=2)
    run.save_weights(net, epoch=3, val_accuracy=0.5)
    loaded = run.load_net()
    for name, tensor in net.state_dict().items():
        assert torch.equal(tensor, loaded.state_dict()[name])
    assert not loaded.training
    assert run.kept_epoch() == (3, 0.5)


def test_a_folder_that_holds_a_run_is_not_overwritten(run: Run) -> None:
    run.create()  # of which nothing had come
    run.log({"epoch": 1})
    with pytest.raises(RunError, match=f"already holds a run; go on with it by --resume {run.folder}"):
        run.create()


@pytest.mark.parametrize("name", ["recipe.toml", "report.md", "config.json"])
def test_a_file_of_the_users_own_is_not_overwritten(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("my own")
    with pytest.raises(RunError, match="already"):
        Run(tmp_path, Recipe(), {}, {}).create()
    assert (tmp_path / name).read_text() == "my own"


@pytest.mark.parametrize("name", ["report.md", "curves.png", "weights.safetensors"])
def test_what_somebody_put_into_a_run_is_met_before_the_work(run: Run, name: str) -> None:
    check_own(run.folder)
    (run.folder / name).write_text("my own")
    for check in (check_new, check_own):
        with pytest.raises(EdgeCifarError, match=f"{name}: exists, not as edge-cifar wrote it|already holds a run"):
            check(run.folder)
    (run.folder / name).unlink()
    (run.folder / name).mkdir()
    with pytest.raises(RunError, match=f"{name}: a folder, where a file is to be written"):
        check_own(run.folder)


def test_a_run_that_has_not_ended_says_so(run: Run) -> None:
    run.save_weights(build_net(NETS["batchnorm"], classes=2), epoch=3, val_accuracy=0.5)
    assert run.unfinished() == f"{run.folder}: not trained to its end; its weights so far are of epoch 3 of 40"
    result = Result(40, 3, 0.5, 0.5, (0.4, 0.6), 9, 0.1, 10, 1.0)
    (run.folder / "result.json").write_text(json.dumps(asdict(result)))
    assert run.unfinished() is None


def test_only_one_process_writes_a_run(run: Run) -> None:
    with run.writing(), pytest.raises(EdgeCifarError, match="another process is training this run"), run.writing():
        pass
    with run.writing():
        pass


def test_a_new_folder_is_nobody_elses(tmp_path: Path) -> None:
    names = [make_new_folder(tmp_path / "runs", "now").name for _ in range(3)]
    assert names == ["now", "now-2", "now-3"]
    (tmp_path / "file").write_text("")
    with pytest.raises(RunError, match=r"cannot write .*file: File exists"):
        make_new_folder(tmp_path / "file", "now")


def test_weights_that_are_no_numbers_are_refused(run: Run) -> None:
    net = build_net(NETS["batchnorm"], classes=2)
    torch.nn.init.constant_(net[1].bias, math.nan)
    run.save_weights(net, epoch=1, val_accuracy=0)
    with pytest.raises(RunError, match="holds weights that are no finite numbers"):
        run.load_net()


def test_a_run_without_weights_says_so(run: Run) -> None:
    with pytest.raises(RunError, match="no weights in this run"):
        run.load_net()


@pytest.mark.parametrize("content", [b"", b"\x80\x04garbage", b"\xff" * 100])
def test_a_file_that_is_no_safetensors_is_refused(run: Run, content: bytes) -> None:
    (run.folder / WEIGHTS).write_bytes(content)
    with pytest.raises(RunError, match="not the weights of this run"):
        run.load_net()


def test_weights_of_another_net_are_refused_in_one_line(run: Run) -> None:
    run.save_weights(build_net(NETS["batchnorm"], classes=5), epoch=1, val_accuracy=0)
    with pytest.raises(RunError, match="not the weights of this run") as caught:
        run.load_net()
    assert "\n" not in str(caught.value)


def test_a_folder_that_is_no_run_says_so(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="no run here"):
        open_run(tmp_path)


@pytest.mark.parametrize(
    "config",
    [
        "{",
        "[]",
        "{}",
        json.dumps({"recipe": {"colour": 1}, "data": {"labels": ["a", "b"]}, "versions": {}}),
        json.dumps({"recipe": {"net": "unheard-of"}, "data": {"labels": ["a", "b"]}, "versions": {}}),
    ],
)
def test_a_configuration_of_another_kind_is_refused(tmp_path: Path, config: str) -> None:
    (tmp_path / CONFIG).write_text(config)
    with pytest.raises(RunError):
        open_run(tmp_path)


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (("data",), "pets"),
        (("data", "name"), 3),
        (("data", "labels"), "pets"),
        (("data", "labels"), [1, 2]),
        (("data", "splits"), 0),
        (("data", "splits"), {"train": 3}),
        (("data", "scan"), []),
        (("data", "scan"), {"twins": True}),
        (("data", "scan"), {"twins": [1]}),
        (("versions",), []),
    ],
)
def test_a_configuration_with_values_of_other_kinds_is_refused(run: Run, place: tuple[str, ...], value: object) -> None:
    config = json.loads((run.folder / CONFIG).read_text())
    (config["data"] if len(place) > 1 else config)[place[-1]] = value
    (run.folder / CONFIG).write_text(json.dumps(config))
    with pytest.raises(RunError, match="not a run's configuration"):
        open_run(run.folder)


@pytest.mark.parametrize("content", [b"null", b"1e999", b"[]", b"{", b"\xff", b"[" * 100_000])
def test_a_damaged_result_is_named(run: Run, content: bytes) -> None:
    (run.folder / "result.json").write_bytes(content)
    with pytest.raises(RunError, match=r"result\.json: not a result of this version"):
        run.result()


@pytest.mark.parametrize("content", [b"{\n", b"\xff\n", b"[]\n", b"[" * 100_000 + b"\n"])
def test_a_damaged_history_is_named(run: Run, content: bytes) -> None:
    (run.folder / "metrics.jsonl").write_bytes(content)
    with pytest.raises(RunError, match=r"metrics\.jsonl: damaged"):
        run.history()


def test_the_newest_run_is_found(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="no run under"):
        newest_run(tmp_path)
    for i, name in enumerate(["b", "a"]):
        (tmp_path / name).mkdir()
        (tmp_path / name / CONFIG).write_text("{}")
        os.utime(tmp_path / name / CONFIG, (i, i))
    assert newest_run(tmp_path) == tmp_path / "a"
