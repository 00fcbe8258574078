import numpy as np
import onnx
import pytest
from edge_cifar.export.graph.net_graph import NORMALIZED
from edge_cifar.export.graph.run_graph import run_logits
from edge_cifar.export.quantization.average_pools import as_convolutions, average_pools, mean_overrides
from foreign_like import NETS, SIZE, Graph
from onnx import numpy_helper


def pool(**attributes: object) -> onnx.ModelProto:
    graph = Graph()
    return graph.model(graph.node("AveragePool", graph.conv(NORMALIZED, 4, 8, 3), **attributes), 8)


@pytest.mark.parametrize(
    "attributes",
    [
        {"kernel_shape": [2, 2], "strides": [2, 2]},
        {"kernel_shape": [3, 2], "strides": [1, 2], "pads": [0] * 4},
        {"kernel_shape": [3, 3], "pads": [1, 0, 1, 1], "count_include_pad": 1},
        {"kernel_shape": [2, 2], "auto_pad": "VALID"},
    ],
)
def test_means_that_all_count_alike_are_convolutions(attributes: dict[str, object]) -> None:
    model = pool(**attributes)
    replaced = as_convolutions(model)
    assert [node.op_type for node in replaced.graph.node].count("AveragePool") == 0
    images = np.random.RandomState(0).randint(0, 256, (4, SIZE, SIZE, 4)).astype(np.uint8)
    assert np.abs(run_logits(replaced, images) - run_logits(model, images)).max() < 1e-5


@pytest.mark.parametrize(
    "attributes",
    [
        {"kernel_shape": [3, 3], "pads": [1] * 4},
        {"kernel_shape": [3, 3], "strides": [2, 2], "ceil_mode": 1},
        {"kernel_shape": [2, 2], "auto_pad": "SAME_UPPER"},
    ],
)
def test_means_of_what_the_border_leaves_stay(attributes: dict[str, object]) -> None:
    model = pool(**attributes)
    assert average_pools(model) == []
    assert as_convolutions(model) is model


def test_the_weights_are_64_whole_steps() -> None:
    replaced = as_convolutions(NETS["pooled"]())
    overrides = mean_overrides(replaced)
    assert len(overrides) == 2
    tensors = {tensor.name: numpy_helper.to_array(tensor) for tensor in replaced.graph.initializer}
    for name, entries in overrides.items():
        assert len(entries) == len(tensors[name]) == 8
        assert np.array_equal(tensors[name].ravel() / entries[0]["scale"], np.full(tensors[name].size, 64, np.float32))
    assert mean_overrides(NETS["mobile"]()) == {}
