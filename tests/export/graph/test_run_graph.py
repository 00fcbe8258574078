import numpy as np
import onnx
import pytest
from edge_cifar.edge.data.labelled_images import LabelledImages
from edge_cifar.edge.machine.cores import usable_cores
from edge_cifar.export.graph import run_graph
from edge_cifar.export.graph.run_graph import open_session, optimized, run_tensors


def test_a_session_uses_the_cores_that_this_process_may_use(random_graph: onnx.ModelProto) -> None:
    assert open_session(random_graph).get_session_options().intra_op_num_threads == usable_cores()
    assert open_session(random_graph, 1).get_session_options().intra_op_num_threads == 1


def test_what_is_laid_open_at_once_is_bounded(
    random_graph: onnx.ModelProto, synthetic: LabelledImages, monkeypatch: pytest.MonkeyPatch
) -> None:
    [name] = [node.output[0] for node in random_graph.graph.node if node.name == "conv_2"]
    images = synthetic.images[:20]
    whole = [tensors for [tensors] in run_tensors(random_graph, [name], images)]
    assert [len(tensor) for tensor in whole] == [20]
    monkeypatch.setattr(run_graph, "LARGEST_FETCH", 8 * whole[0][0].nbytes)
    parts = [tensors for [tensors] in run_tensors(random_graph, [name], images)]
    assert [len(tensor) for tensor in parts] == [8, 8, 4]
    assert np.concatenate(parts) == pytest.approx(whole[0], abs=1e-5)


def test_larger_images_go_in_smaller_batches(
    random_graph: onnx.ModelProto, synthetic: LabelledImages, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_graph, "LARGEST_PIXELS", 5 * 32 * 32)
    assert [len(logits) for [logits] in run_tensors(random_graph, ["logits"], synthetic.images[:12])] == [5, 5, 2]


def test_the_graph_that_runs_is_read_back(quantized_graph: onnx.ModelProto) -> None:
    kinds = {node.op_type for node in optimized(quantized_graph).graph.node}
    assert {"QLinearConv", "QGemm"} <= kinds
    assert not kinds & {"Conv", "Gemm"}
