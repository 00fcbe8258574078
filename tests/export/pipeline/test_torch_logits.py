import numpy as np
import torch
from edge_cifar.edge.data.labelled_images import LabelledImages
from edge_cifar.export.pipeline.torch_logits import torch_logits


def test_the_torch_net_runs_in_batches(synthetic: LabelledImages) -> None:
    sizes: list[int] = []

    class Sums(torch.nn.Module):
        def forward(self, pixels: torch.Tensor) -> torch.Tensor:
            sizes.append(len(pixels))
            return pixels.flatten(1)[:, :3].float()

    images = synthetic.take(np.arange(300) % 200)
    assert np.array_equal(torch_logits(Sums(), images), images.images.reshape(300, -1)[:, :3])
    assert sizes == [256, 44]
