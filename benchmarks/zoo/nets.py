"""Nets that people bring, in torch: torchvision's, and one as Ultralytics builds its classifiers.

Their weights are random, but trained for some steps, so that their batch normalization and ranges mean something.
"""

import itertools

import torch
import torchvision
from torch import nn

TORCHVISION = (
    "resnet18",
    "resnet50",
    "mobilenet_v2",
    "mobilenet_v3_small",
    "mobilenet_v3_large",
    "efficientnet_b0",
    "regnet_x_400mf",
    "shufflenet_v2_x1_0",
    "squeezenet1_1",
    "mnasnet1_0",
    "densenet121",
    "googlenet",
    "convnext_tiny",
    "vit_b_16",
)
ULTRALYTICS = "ultralytics-like"

BATCH = 8  # photos a step
STEPS = 3
LEARNING_RATE = 1e-3
SEED = 0


def build(name: str, classes: int) -> nn.Module:
    """Return a net of `TORCHVISION`, or `ULTRALYTICS`, with the random weights of `SEED`."""
    torch.manual_seed(SEED)
    if name == ULTRALYTICS:
        return UltralyticsLike(classes)
    settings = {"aux_logits": False, "init_weights": True} if name == "googlenet" else {}
    net: nn.Module = torchvision.models.get_model(name, weights=None, num_classes=classes, **settings)
    return net


def settle(net: nn.Module, inputs: torch.Tensor, targets: torch.Tensor, steps: int = STEPS) -> nn.Module:
    """Train `net` on inputs float (N, 3, S, S) and targets (N,), then take its statistics anew; return it to be used.

    The statistics of batch normalization become the means over all inputs, as the trained weights see them.
    """
    for module in net.modules():
        if isinstance(module, nn.Dropout):
            module.p = 0.0
    batches = list(zip(torch.split(inputs, BATCH), torch.split(targets, BATCH), strict=True))
    optimizer = torch.optim.Adam(net.parameters(), LEARNING_RATE)
    net.train()
    for step in range(steps):
        images, wanted = batches[step % len(batches)]
        optimizer.zero_grad()
        nn.functional.cross_entropy(net(images), wanted).backward()  # type: ignore[no-untyped-call]
        optimizer.step()
    for module in net.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.momentum = None  # a mean over all that comes
            module.reset_running_stats()
    with torch.no_grad():
        for images, _ in batches:
            net(images)
    return net.eval()


class ConvBlock(nn.Sequential):
    """Convolution, batch normalization, SiLU."""

    def __init__(self, entering: int, leaving: int, kernel: int = 3, stride: int = 1):
        super().__init__(
            nn.Conv2d(entering, leaving, kernel, stride, kernel // 2, bias=False),
            nn.BatchNorm2d(leaving, eps=1e-3, momentum=0.03),
            nn.SiLU(),
        )


class CrossStage(nn.Module):
    """Half of the channels through a residual block, then all of them side by side: YOLOv8's C2f."""

    def __init__(self, channels: int):
        super().__init__()
        half = channels // 2
        self.enter = ConvBlock(channels, channels, 1)
        self.block = nn.Sequential(ConvBlock(half, half), ConvBlock(half, half))
        self.leave = ConvBlock(channels + half, channels, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return (N, channels, H, W) of the same shape."""
        parts = list(self.enter(x).chunk(2, 1))
        parts.append(parts[-1] + self.block(parts[-1]))
        leaving: torch.Tensor = self.leave(torch.cat(parts, 1))
        return leaving


class UltralyticsLike(nn.Module):
    """A small YOLOv8 classifier: logits in training, probabilities when used, as Ultralytics exports them."""

    def __init__(self, classes: int):
        super().__init__()
        widths = (16, 32, 64, 128)
        stages: list[nn.Module] = [ConvBlock(3, widths[0], stride=2)]
        for entering, leaving in itertools.pairwise(widths):
            stages += [ConvBlock(entering, leaving, stride=2), CrossStage(leaving)]
        self.body = nn.Sequential(*stages, ConvBlock(widths[-1], 256, 1), nn.AdaptiveAvgPool2d(1), nn.Flatten())
        self.linear = nn.Linear(256, classes)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return (N, classes) of images (N, 3, S, S)."""
        logits: torch.Tensor = self.linear(self.body(x))
        return logits if self.training else logits.softmax(1)
