from pathlib import Path

import numpy as np
import onnx
import pytest
from edge_cifar.benchmarks.runtime import zero_points as benchmark
from edge_cifar.benchmarks.runtime.zero_points import lowered_files, zero_points
from edge_cifar.edge.data.labelled_images import LabelledImages
from edge_cifar.edge.errors import ModelError
from edge_cifar.edge.model.contract import Model
from onnx import numpy_helper


def _weights(path: Path) -> list[int]:
    """Return the lowest weight of each int8 convolution."""
    tensors = [numpy_helper.to_array(tensor) for tensor in onnx.load(path).graph.initializer]
    return [int(tensor.min()) for tensor in tensors if tensor.dtype == np.int8 and tensor.ndim == 4]


def test_a_file_with_lowered_weights_is_another_and_gives_the_same_logits(
    tiny_int8_model: Path, synthetic: LabelledImages, tmp_path: Path
) -> None:
    files = lowered_files(tiny_int8_model, tmp_path)
    assert list(files) == ["none", "from 128 channels", "from 64 channels", "from 32 channels"]
    lowest = [_weights(path) for path in files.values()]
    assert [sum(one != other for one, other in zip(lowest[0], own, strict=True)) for own in lowest] == [0, 2, 4, 6]
    plain, *others = (Model(path, threads=1).logits(synthetic.images) for path in files.values())
    assert all(np.array_equal(plain, logits) for logits in others)


def test_every_file_has_a_line_for_each_number_of_threads_and_images(
    tiny_int8_model: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(benchmark, "CALLS", {1: 2, 3: 2})
    zero_points(tiny_int8_model, rounds=1)
    facts, _, lines = capsys.readouterr().out.partition("\n\n")
    assert facts.startswith("cpu: ")
    header, *rows = lines.splitlines()
    assert header.split("  ")[0] == "weights stored one lower"
    assert len(rows) == 4 * 2 * 2
    assert all("1.000 (1.000 - 1.000)" in row for row in rows if row.startswith("none"))


def test_a_file_without_int8_convolutions_is_refused(tiny_fp32_model: Path) -> None:
    with pytest.raises(ModelError, match="no int8 convolution"):
        zero_points(tiny_fp32_model, rounds=1)
