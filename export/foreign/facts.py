"""What one source says of a net, and which of several sources counts."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ...edge.photos.preprocessing import Fit
from .pixel_rule import Channels, Triple


@dataclass(frozen=True)
class Facts:
    """What `source`, named as a person knows it, says; None is what it doesn't. Terms are those of `PixelRule`.

    Numbers and the filter are as they stand there: who takes them checks them.
    """

    source: str
    labels: tuple[str, ...] | None = None
    size: int | None = None
    scale: float | None = None
    mean: Triple | None = None
    std: Triple | None = None
    channels: Channels | None = None
    fit: Fit | None = None
    filter: str | None = None
    crop_share: float | None = None


class Known:
    """All that is known of a net: of each fact, what the first source that has it says."""

    def __init__(self, facts: Sequence[Facts]):
        self._facts = facts

    def of(self, name: str) -> Facts | None:
        """Return what the source says that counts for a fact, None where nothing says it."""
        return next((fact for fact in self._facts if getattr(fact, name) is not None), None)

    def get(self, name: str) -> Any:
        """Return a fact, None where nothing says it."""
        return getattr(self.of(name), name, None)

    def source(self, *names: str) -> str:
        """Return the sources of some facts, each once; "" where nothing says any of them."""
        sources = [fact.source for fact in map(self.of, names) if fact]
        return ", ".join(dict.fromkeys(sources))
