from pathlib import Path

import numpy as np
import onnx
import pytest
from edge_cifar.edge.errors import ModelError
from edge_cifar.export.onnx_file.open_onnx import open_onnx
from edge_cifar.export.onnx_file.skeleton import skeleton
from foreign import net, save, value

LARGE = np.zeros((40, 3, 3, 3), np.float32)
SMALL = np.zeros(40, np.float32)


def test_large_weights_become_inputs_behind_the_image() -> None:
    bare = skeleton(net(weight=LARGE, bias=SMALL, given=("N", 40), metadata={"author": "somebody"}))
    assert [tensor.name for tensor in bare.graph.initializer] == ["bias"]
    assert [entry.name for entry in bare.graph.input] == ["image", "weight"]
    assert [entry.key for entry in bare.metadata_props] == ["author"]
    assert bare.ByteSize() < LARGE.nbytes
    onnx.checker.check_model(bare, full_check=True)


def test_weights_that_are_inputs_already_are_not_doubled() -> None:
    bare = skeleton(net(weight=LARGE, inputs=[value("weight", LARGE.shape)]))
    assert [entry.name for entry in bare.graph.input] == ["image", "weight"]


def test_a_large_tensor_shorter_than_its_shape_is_damage(tmp_path: Path) -> None:
    model = net(weight=LARGE)
    model.graph.initializer[0].raw_data = model.graph.initializer[0].raw_data[:-4]
    with pytest.raises(ModelError, match="damaged: its tensor 'weight'"):
        open_onnx(save(model, tmp_path))
