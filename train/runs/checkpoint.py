"""The whole state of a training in one safetensors file, so that it goes on bit for bit where it stopped."""

import json
from pathlib import Path
from typing import Any

import safetensors.torch
import torch
from safetensors import SafetensorError, safe_open

from ...edge.errors import RunError
from ...edge.files.atomic_write import write_bytes

CHECKPOINT = "checkpoint.safetensors"
PROGRESS = "progress"  # entry of the file's metadata: JSON, one key since safetensors writes several in random order


def write_checkpoint(folder: Path, tensors: dict[str, torch.Tensor], progress: dict[str, Any]) -> None:
    """Replace the checkpoint in `folder`; the one before stays until the new one is whole and on the disk."""
    contiguous = {name: tensor.detach().contiguous() for name, tensor in tensors.items()}
    write_bytes(folder / CHECKPOINT, safetensors.torch.save(contiguous, {PROGRESS: json.dumps(progress)}))


def read_checkpoint(folder: Path) -> tuple[dict[str, torch.Tensor], dict[str, Any]] | None:
    """Return the tensors and the progress in `folder`'s checkpoint; None without one. Raises RunError when damaged."""
    path = folder / CHECKPOINT
    if not path.exists():
        return None
    try:
        with safe_open(path, framework="pt") as file:
            progress = json.loads(file.metadata()[PROGRESS])
        return safetensors.torch.load_file(path), progress
    except (SafetensorError, OSError, KeyError, TypeError, ValueError) as error:
        raise RunError(f"{path}: damaged ({error}); delete it to train this run from the start") from error


def optimizer_tensors(optimizer: torch.optim.Optimizer) -> dict[str, torch.Tensor]:
    """Return the optimizer's state, named "<parameter's index>.<key>"."""
    return {
        f"{index}.{key}": value
        for index, entries in optimizer.state_dict()["state"].items()
        for key, value in entries.items()
        if isinstance(value, torch.Tensor)
    }


def restore_optimizer(optimizer: torch.optim.Optimizer, tensors: dict[str, torch.Tensor]) -> None:
    """Give the optimizer the state that `optimizer_tensors` returned."""
    state: dict[int, dict[str, torch.Tensor]] = {}
    for name, tensor in tensors.items():
        index, _, key = name.partition(".")
        state.setdefault(int(index), {})[key] = tensor
    optimizer.load_state_dict({**optimizer.state_dict(), "state": state})


def under(tensors: dict[str, torch.Tensor], prefix: str) -> dict[str, torch.Tensor]:
    """Return the tensors whose names start with `prefix`, without it."""
    return {name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)}
