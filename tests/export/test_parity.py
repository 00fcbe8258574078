from pathlib import Path

import numpy as np
import pytest
import torch
from edge_cifar.edge.errors import ModelError
from edge_cifar.edge.labelled import LabelledImages
from edge_cifar.export.parity import check_file, require_parity, torch_logits


def test_the_fp32_file_passes(
    tiny_fp32_model: Path, random_net: torch.nn.Sequential, synthetic: LabelledImages
) -> None:
    check = check_file(tiny_fp32_model, torch_logits(random_net, synthetic), synthetic, synthetic)
    assert check.largest_logit_difference < 1e-4
    assert check.same_answers == 1
    assert check.val_accuracy == check.test_accuracy
    require_parity(check)


@pytest.mark.parametrize("wrong", [1.0, float("nan")])
def test_a_file_that_computes_something_else_fails(
    tiny_fp32_model: Path, random_net: torch.nn.Sequential, synthetic: LabelledImages, wrong: float
) -> None:
    expected = torch_logits(random_net, synthetic) + np.float32(wrong)
    check = check_file(tiny_fp32_model, expected, synthetic, synthetic)
    with pytest.raises(ModelError, match="logits differ"):
        require_parity(check)
