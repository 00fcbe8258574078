import json
import subprocess
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path

import onnx
from edge_cifar.edge.model.card import ModelCard

Run = Callable[..., "subprocess.CompletedProcess[str]"]
WriteSealed = Callable[[onnx.ModelProto, ModelCard], Path]


def test_json_holds_the_file_and_the_whole_card(run: Run, small_model: Path, small_card: ModelCard) -> None:
    done = run("info", small_model, "--json")
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout) == {
        "file": str(small_model),
        "bytes": small_model.stat().st_size,
        "opset": 13,
        "ir_version": 7,
        "nodes": {"Cast": 1, "Flatten": 1, "Gemm": 1},
        **asdict(small_card),
        "labels": ["cat", "dog"],
    }


def test_text_is_a_line_a_value(run: Run, small_model: Path, small_card: ModelCard) -> None:
    lines = dict(line.split(maxsplit=1) for line in run("info", small_model).stdout.splitlines())
    assert lines["labels"] == "cat, dog"
    assert lines["nodes"] == "Cast 1, Flatten 1, Gemm 1"
    assert lines["validation"] == "fraction 0.1, seed 0"
    assert lines["calibration"] == lines["accuracy"] == "-"
    assert asdict(small_card).keys() <= lines.keys()


def test_a_card_cannot_reach_the_terminal(
    run: Run, write_sealed: WriteSealed, small_graph: onnx.ModelProto, small_card: ModelCard
) -> None:
    path = write_sealed(small_graph, replace(small_card, net="\x1b[2Jcleared\nforged 1"))
    done = run("info", path)
    assert r"net                \x1b[2Jcleared\nforged 1" in done.stdout.splitlines()


def test_a_damaged_file_is_one_line(run: Run, small_model: Path) -> None:
    small_model.write_bytes(small_model.read_bytes().replace(b"weights", b"weighty"))
    done = run("info", small_model)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        f"edge-cifar info: {small_model}: damaged or changed since it was exported (its checksum differs); "
        "copy it again\n"
    )
