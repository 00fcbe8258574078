import json
from pathlib import Path

import numpy as np
import pytest
from edge_cifar.benchmarks.runtime.profile_nodes import Node, markdown, profile_nodes
from edge_cifar.edge.errors import ModelError
from edge_cifar.train.nets.catalogue import NETS
from edge_cifar.train.nets.layers import count_macs

NODES = [
    Node("conv", "QLinearConv", [1, 8, 8, 32], 1_000_000, 10.0, 12, 8.0),
    Node("pool", "NhwcMaxPool", [1, 4, 4, 32], 0, 5.0, 6, None),
]


def test_costs_and_floors_are_summed() -> None:
    conv, pool, total = markdown({"cpu": "fast"}, 5.0, NODES).splitlines()[-5:-2]
    assert conv == "| QLinearConv | 1 x 8 x 8 x 32 | 1.00 | 10.0 | 50.0% | 100 | 8.0 | 12 |"
    assert pool == "| NhwcMaxPool | 1 x 4 x 4 x 32 |  | 5.0 | 25.0% |  |  | 6 |"
    assert total == "| all | | 1.00 | 20.0 | 100.0% | 50 | 18.0 | |"


@pytest.fixture(scope="module")
def profiled(tiny_int8_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The JSON of a profile of the batchnorm net in int8."""
    out = tmp_path_factory.mktemp("profile") / "nodes.json"
    profile_nodes(tiny_int8_model, rounds=1, out=out)
    return out


def test_every_multiplication_of_the_net_is_in_a_node(profiled: Path) -> None:
    nodes = json.loads(profiled.read_text())["nodes"]
    first = 3 / 4  # of the first layer's products: X is a channel, but no input of the net
    first_macs = nodes[0]["macs"]
    assert sum(node["macs"] for node in nodes) - first_macs * (1 - first) == count_macs(NETS["batchnorm"])
    assert nodes[-1]["output"] == [1, 10]


def test_convolutions_have_a_floor_and_others_none(profiled: Path) -> None:
    nodes = json.loads(profiled.read_text())["nodes"]
    assert {node["kind"] for node in nodes if node["floor"] is not None} == {"QLinearConv"}
    assert all(node["profiled"] > 0 for node in nodes if node["macs"])
    assert "floor, us" in profiled.with_suffix(".md").read_text()


def test_fp32_has_no_floor_and_as_many_multiplications(tiny_fp32_model: Path, tmp_path: Path) -> None:
    profile_nodes(tiny_fp32_model, rounds=1, out=tmp_path / "nodes.json")
    nodes = json.loads((tmp_path / "nodes.json").read_text())["nodes"]
    assert not any(node["floor"] for node in nodes)
    assert np.isclose(sum(node["macs"] for node in nodes), count_macs(NETS["batchnorm"]), rtol=0.01)


def test_a_missing_model_is_one_line() -> None:
    with pytest.raises(ModelError, match=r"nowhere\.onnx: no such model file"):
        profile_nodes(Path("nowhere.onnx"))
