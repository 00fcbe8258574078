from collections import Counter
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from edge_cifar.edge.data.labelled_images import LabelledImages
from edge_cifar.edge.model.contract import INPUT, OUTPUT
from edge_cifar.export.graph.net_graph import build_graph
from edge_cifar.export.graph.versions import IR_VERSION, OPSET
from edge_cifar.train.nets.catalogue import NETS
from edge_cifar.train.nets.torch_modules import build_net, count_parameters
from edge_cifar.train.recipe.recipe import Recipe
from edge_cifar.train.runs.run_folder import Run, open_run
from miniatures import MINIATURES

LAYERS = NETS | MINIATURES


def _run(model: onnx.ModelProto, pixels: np.ndarray) -> np.ndarray:
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    return np.asarray(session.run([OUTPUT], {INPUT: pixels})[0])


def test_the_graph_computes_what_the_net_computes(
    random_graph: onnx.ModelProto, random_net: torch.nn.Sequential, synthetic: LabelledImages
) -> None:
    with torch.inference_mode():
        expected = random_net(torch.from_numpy(synthetic.images)).numpy()
    logits = _run(random_graph, synthetic.images)
    assert logits.dtype == np.float32
    assert np.abs(logits - expected).max() < 1e-4
    assert np.abs(expected).max() > 0.1  # the comparison compares something


@pytest.mark.parametrize(
    ("name", "size", "classes"),
    [
        *((name, 32, 10) for name in LAYERS),
        *(("batchnorm", 24, 3), ("batchnorm", 40, 12), ("plain", 37, 2)),
        *((name, size, 3) for name in MINIATURES for size in (45, 96)),
    ],
)
def test_every_net_size_and_class_count_exports(name: str, size: int, classes: int) -> None:
    torch.manual_seed(0)
    net = build_net(LAYERS[name], size=size, classes=classes).eval()
    for module in net.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            torch.nn.init.uniform_(module.running_mean, -0.5, 0.5)
            torch.nn.init.uniform_(module.running_var, 0.1, 2)
    pixels = np.random.RandomState(0).randint(0, 256, (3, size, size, 4)).astype(np.uint8)
    pixels[..., 3] = 255
    with torch.inference_mode():
        expected = net(torch.from_numpy(pixels)).numpy()
    assert np.abs(_run(build_graph(LAYERS[name], net, size), pixels) - expected).max() < 1e-5 * np.abs(expected).max()


@pytest.mark.parametrize("name", ["batchnorm", "depthwise", "plain-128"])
def test_a_run_of_a_narrower_net_exports(name: str, tmp_path: Path, synthetic: LabelledImages) -> None:
    Run(tmp_path, Recipe(net=name, width=0.5), {"labels": synthetic.labels}, {}).create()
    run = open_run(tmp_path)
    run.save_weights(build_net(run.recipe.layers), epoch=1, val_accuracy=0.5)
    net, pixels = run.load_net(), synthetic.images[:3]
    with torch.inference_mode():
        expected = net(torch.from_numpy(pixels)).numpy()
    logits = _run(build_graph(run.recipe.layers, net, 32), pixels)
    assert np.abs(logits - expected).max() < 1e-5 * np.abs(expected).max()
    assert count_parameters(net) < 0.5 * count_parameters(build_net(NETS[name]))


def test_the_graph_has_only_the_nodes_it_needs(random_graph: onnx.ModelProto) -> None:
    # Batchnorm is folded; of the two Transposes, onnxruntime removes both (int8) or fuses them into its layout changes.
    assert Counter(node.op_type for node in random_graph.graph.node) == {
        "Transpose": 2,
        "DequantizeLinear": 1,
        "Conv": 6,
        "Relu": 6,
        "MaxPool": 3,
        "Flatten": 1,
        "Gemm": 1,
    }


def test_opset_and_ir_are_as_old_as_the_nodes_allow(random_graph: onnx.ModelProto) -> None:
    assert [(entry.domain, entry.version) for entry in random_graph.opset_import] == [("", OPSET)]
    assert (OPSET, random_graph.ir_version) == (13, IR_VERSION)


def test_the_x_channel_is_ignored(random_graph: onnx.ModelProto, synthetic: LabelledImages) -> None:
    other = synthetic.images.copy()
    other[..., 3] = 17
    assert np.array_equal(_run(random_graph, synthetic.images), _run(random_graph, other))


def test_the_batch_size_is_free(random_graph: onnx.ModelProto, synthetic: LabelledImages) -> None:
    whole = _run(random_graph, synthetic.images[:5])
    single = np.concatenate([_run(random_graph, synthetic.images[i : i + 1]) for i in range(5)])
    assert np.abs(whole - single).max() < 1e-5


def test_the_same_net_gives_the_same_bytes(random_graph: onnx.ModelProto, random_net: torch.nn.Sequential) -> None:
    again = build_graph(NETS["batchnorm"], random_net, 32)
    assert again.SerializeToString(deterministic=True) == random_graph.SerializeToString(deterministic=True)
