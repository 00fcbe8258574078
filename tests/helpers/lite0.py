"""EfficientNet-Lite0 as PyTorch's own functions compute it from its authors' weights, layer by layer."""

import torch
from torch.nn import functional

STRIDES = (1, 2, 1, 2, 1, 2, 1, 1, 1, 1, 1, 2, 1, 1, 1, 1)  # of the blocks, by the authors' table


def lite0_features(state: dict[str, torch.Tensor], x: torch.Tensor) -> torch.Tensor:
    """Return features (B, 1280) of `x` (B, 3, H, W), padded as `tf.nn.conv2d` documents SAME."""

    def conv(x: torch.Tensor, conv: str, norm: str, stride: int = 1, relu: bool = True) -> torch.Tensor:
        weight = state[f"{conv}.weight"]
        pad = max(weight.shape[2] - (x.shape[2] % stride or stride), 0)
        x = functional.pad(x, (pad // 2, pad - pad // 2) * 2)
        x = functional.conv2d(x, weight, stride=stride, groups=x.shape[1] // weight.shape[1])
        parameters = (state[f"{norm}.{name}"] for name in ("running_mean", "running_var", "weight", "bias"))
        x = functional.batch_norm(x, *parameters, eps=1e-3)
        return functional.relu6(x) if relu else x

    x = conv(x, "_conv_stem", "_bn0", 2)
    for i, stride in enumerate(STRIDES):
        block, entered = f"_blocks.{i}.", x
        if i:
            x = conv(x, f"{block}_expand_conv", f"{block}_bn0")
        x = conv(x, f"{block}_depthwise_conv", f"{block}_bn1", stride)
        x = conv(x, f"{block}_project_conv", f"{block}_bn2", relu=False)
        x = x + entered if x.shape == entered.shape else x
    return conv(x, "_conv_head", "_bn1").mean((2, 3))


def lite0_logits(state: dict[str, torch.Tensor], x: torch.Tensor) -> torch.Tensor:
    """Return logits (B, 1000) of `x` (B, 3, H, W)."""
    return functional.linear(lite0_features(state, x), state["_fc.weight"], state["_fc.bias"])
