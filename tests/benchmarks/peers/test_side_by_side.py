from pathlib import Path

import pytest
import typer
from edge_cifar.benchmarks.peers.side_by_side import choose_entries, peers
from edge_cifar.edge.errors import EdgeCifarError
from typer.testing import CliRunner


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
