import pytest
import torch
from edge_cifar.edge.errors import RunError
from edge_cifar.train.loop.device import choose_device


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has a CUDA device")
def test_a_device_that_is_not_there_is_named() -> None:
    with pytest.raises(RunError, match="--device cuda: none found"):
        choose_device("cuda")
    assert choose_device("cpu") == torch.device("cpu")
