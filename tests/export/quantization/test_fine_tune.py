import numpy as np
import onnx
import torch
from edge_cifar.edge.data.labelled_images import LabelledImages
from edge_cifar.export.graph.run_graph import run_logits
from edge_cifar.export.quantization.calibration import Range
from edge_cifar.export.quantization.fine_tune import fine_tune, fold_batchnorm
from edge_cifar.export.quantization.quantize import quantize
from edge_cifar.train.nets.catalogue import NETS


def test_folding_changes_no_logit(random_net: torch.nn.Sequential, synthetic: LabelledImages) -> None:
    pixels = torch.from_numpy(synthetic.images)
    folded = fold_batchnorm(random_net)
    assert not any(isinstance(module, torch.nn.BatchNorm2d) for module in folded)
    with torch.inference_mode():
        assert torch.allclose(folded(pixels), random_net(pixels), atol=1e-4)


def test_fine_tuning_learns_to_live_with_coarse_rounding(
    random_net: torch.nn.Sequential,
    random_graph: onnx.ModelProto,
    activation_ranges: dict[str, Range],
    synthetic: LabelledImages,
) -> None:
    coarse = {name: (low, high * 12) for name, (low, high) in activation_ranges.items()}  # a twelfth of the levels
    exact = run_logits(random_graph, synthetic.images)

    def error(model: onnx.ModelProto) -> float:
        return float(((run_logits(quantize(model, coarse), synthetic.images) - exact) ** 2).mean())

    tuned = fine_tune(NETS["batchnorm"], random_net, random_graph, coarse, synthetic, epochs=3)
    assert error(tuned) < 0.95 * error(random_graph)
    assert np.array_equal(run_logits(random_graph, synthetic.images), exact)
