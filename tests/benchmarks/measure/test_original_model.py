"""Somebody's own file beside ours: what it can be, and what is said of what it can't."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx
import pytest
from edge_cifar.benchmarks.measure.original_model import original, original_task
from edge_cifar.edge.errors import ModelError
from onnx import TensorProto, helper


def write(
    path: Path, shape: Sequence[int | str], kind: int = TensorProto.FLOAT, inputs: Sequence[str] = ("input",)
) -> Path:
    """Write a net that sums up its inputs."""
    graph = helper.make_graph(
        [
            *(helper.make_node("Cast", [name], [f"{name} cast"], to=TensorProto.FLOAT) for name in inputs),
            helper.make_node("Sum", [f"{name} cast" for name in inputs], ["sum"]),
            helper.make_node("ReduceMean", ["sum"], ["output"], axes=[1, 2, 3], keepdims=0),
        ],
        "theirs",
        [helper.make_tensor_value_info(name, kind, shape) for name in inputs],
        [helper.make_tensor_value_info("output", TensorProto.FLOAT, None)],
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=7), path)
    return path


@pytest.mark.parametrize("kind", [TensorProto.FLOAT, TensorProto.FLOAT16, TensorProto.UINT8])
@pytest.mark.parametrize("shape", [(1, 3, 8, 8), ("N", 3, 8, 8), ("N", 8, 8, 3), ("N", 3, "height", "width")], ids=str)
def test_a_net_is_run_on_one_image(tmp_path: Path, shape: Sequence[int | str], kind: int) -> None:
    answer = original_task(write(tmp_path / "a.onnx", shape, kind), 1, 8)(0)
    assert isinstance(answer, np.ndarray)
    assert answer.shape == (1,)
    assert answer != 0


@pytest.mark.parametrize("shape", [(1, 3, 9, 9), (2, 3, 8, 8), ("N", 1, 8, 8), ("N", 3, 8)], ids=str)
def test_what_takes_something_else_is_told(tmp_path: Path, shape: Sequence[int | str]) -> None:
    path = write(tmp_path / "a.onnx", (1, 1, 1, 1))
    model = onnx.load(path)
    model.graph.input[0].CopyFrom(helper.make_tensor_value_info("input", TensorProto.FLOAT, shape))
    model.graph.node[-1].attribute[0].ints[:] = [1, 2]
    onnx.save(model, path)
    with pytest.raises(ModelError, match=r"a.onnx: it takes tensor\(float\) \[.*\], but one image of 8 pixels, float "):
        original_task(path, 1, 8)


def test_what_is_no_net_of_one_image_is_told(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"a\.onnx: No such file"):
        original_task(tmp_path / "a.onnx", 1, 8)
    (tmp_path / "a.onnx").write_bytes(b"no net")
    with pytest.raises(ModelError, match=r"a.onnx: onnxruntime .* can't load it"):
        original_task(tmp_path / "a.onnx", 1, 8)
    with pytest.raises(ModelError, match="another"):
        original_task(write(tmp_path / "a.onnx", ("N", 3, 8, 8), inputs=("input", "another")), 1, 8)


def test_its_durations_are_told_beside_the_first_models(tmp_path: Path) -> None:
    path = write(tmp_path / "a.onnx", (1, 3, 8, 8))
    told = original(path, np.full((4, 5), 0.003), np.full((4, 5), 0.002))
    assert (told.model, told.bytes, told.net_ms.p50) == (str(path), path.stat().st_size, pytest.approx(3))
    assert told.net_ratio.median == pytest.approx(1.5)
