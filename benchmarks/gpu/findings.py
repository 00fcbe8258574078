"""What a part of the measurement is given, and what it finds."""

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

import torch


@dataclass(frozen=True)
class Job:
    """Where a part computes, on which data, in which folder of its own, and until when (`time.monotonic`)."""

    data: str
    folder: Path
    device: torch.device
    until: float

    @property
    def miniature(self) -> bool:
        """Whether this only shows that the part works."""
        return self.device.type == "cpu"

    @property
    def left(self) -> float:
        """Seconds until it should be done."""
        return self.until - time.monotonic()


@dataclass(frozen=True)
class Finding:
    """What a part has found so far: whether all is well (None: not judged), its figures, and why not.

    `cut` says what was left out for lack of time.
    """

    ok: bool | None
    figures: Mapping[str, Any] = field(default_factory=dict)
    why: str = ""
    cut: str = ""


Part: TypeAlias = Callable[[Job], Iterator[Finding]]
"""Yields findings, each fuller than the one before, so that the last one counts whenever the part is ended."""


def judged(ok: bool, figures: Mapping[str, Any], why: str) -> Finding:
    """Return a finding with `why` where all is not well."""
    return Finding(ok, figures, "" if ok else why)
