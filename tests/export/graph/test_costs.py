import onnx
import pytest
import torch
from edge_cifar.export.graph.costs import layer_macs, parameter_count
from edge_cifar.export.graph.net_graph import build_graph
from edge_cifar.train.nets.catalogue import NETS
from edge_cifar.train.nets.layers import count_macs
from edge_cifar.train.nets.torch_modules import build_net


@pytest.fixture(scope="module", params=["batchnorm", "resnet8", "depthwise"])
def net(request: pytest.FixtureRequest) -> tuple[str, onnx.ModelProto]:
    torch.manual_seed(0)
    return request.param, build_graph(NETS[request.param], build_net(NETS[request.param]).eval(), 32)


def test_a_graph_costs_what_its_net_does(net: tuple[str, onnx.ModelProto]) -> None:
    name, graph = net
    assert sum(layer_macs(graph).values()) == count_macs(NETS[name], size=32, classes=10)


def test_parameters_are_the_weights_and_biases_of_three_colours(net: tuple[str, onnx.ModelProto]) -> None:
    _, graph = net
    layers = [node for node in graph.graph.node if node.op_type in ("Conv", "Gemm")]
    sizes = {tensor.name: torch.Size(tensor.dims).numel() for tensor in graph.graph.initializer}
    first = next(tensor for tensor in graph.graph.initializer if tensor.name == layers[0].input[1])
    with_x = sum(sizes[each] for layer in layers for each in layer.input[1:])
    assert parameter_count(graph) == with_x - sizes[first.name] // 4
