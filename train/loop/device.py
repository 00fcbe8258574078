"""Where training runs, and in which precision."""

import torch

from ...edge.errors import RunError


def choose_device(name: str) -> torch.device:
    """Return the device for "auto", "cpu", "cuda" or "mps". Raises RunError when it isn't there."""
    available = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    if name == "auto":
        name = next(device for device, there in available.items() if there)
    if not available[name]:
        raise RunError(f"--device {name}: none found on this machine; use --device cpu (or auto)")
    return torch.device(name)


def autocast_dtype(device: torch.device) -> torch.dtype | None:
    """Return bfloat16 where the hardware multiplies it faster than float32, float16 on GPUs without it, else None."""
    if device.type == "cuda":
        return torch.bfloat16 if torch.cuda.is_bf16_supported(including_emulation=False) else torch.float16
    if device.type == "cpu":
        capabilities = torch.cpu.get_capabilities()
        if capabilities.get("avx512_bf16") or capabilities.get("amx_bf16"):
            return torch.bfloat16
    return None
