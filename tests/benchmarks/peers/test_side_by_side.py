import os
from pathlib import Path

import pytest
import typer
from edge_cifar.benchmarks.peers.side_by_side import choose_cores, choose_entries, peers
from edge_cifar.edge.errors import EdgeCifarError
from typer.testing import CliRunner

CORES = sorted(os.sched_getaffinity(0))


def test_cores_are_the_first_two_or_those_named() -> None:
    assert choose_cores(None) == CORES[: len(choose_cores(None))]
    assert choose_cores(str(CORES[-1])) == CORES[-1:]


@pytest.mark.parametrize("numbers", ["", "x", "4096", f"{CORES[0]},{CORES[0]}", "-1"])
def test_other_cores_are_refused(numbers: str) -> None:
    with pytest.raises(EdgeCifarError, match=r"--cores .*: expected one or two of"):
        choose_cores(numbers)


def test_a_missing_resnet8_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(EdgeCifarError, match=r"--resnet8: .*none is not there"):
        peers(data="synthetic", resnet8_at=tmp_path / "none")


def test_the_command_takes_what_it_says() -> None:
    app = typer.Typer()
    app.command()(peers)
    shown = CliRunner().invoke(app, ["--help"], env={"COLUMNS": "120"}).stdout
    for option in ("--resnet8", "--prepare", "--cores", "--rounds"):
        assert option in shown


def test_what_is_left_out_is_told() -> None:
    entries, failures = choose_entries(None)
    assert [net.name for net, _ in entries] == ["batchnorm"]
    assert {failure.name for failure in failures} == {"ncnn int8", "resnet8"}
