"""What a client may cost: bytes, photos that wait, seconds. What one photo may cost is said in `photos/limits.py`."""

from dataclasses import dataclass
from typing import Self

from starlette.exceptions import HTTPException

from ..machine.memory import memory

HEAD_SECONDS = 10
"""Until the head of a request is there, and for a client that takes no bytes of its answer."""

HEAD_BYTES = 65_536
"""Of a request's head, about: what arrives with its last bytes counts, too."""

MOST_CONNECTIONS = 512
"""Open at once; a process may open 1,024 files on most systems."""

MOST_HELD = 256_000_000
"""Bytes of all bodies that are in memory at once, or a quarter of what is free, if that is less."""

RETRY_AFTER = {"Retry-After": "1"}
"""Seconds after which what is refused now should be tried again: photos that wait are done by then on most machines."""


@dataclass(frozen=True)
class Limits:
    """What is asked for on the command line."""

    max_bytes: int = 32_000_000  # of a request's body
    queue: int = 64  # photos that wait, at most
    seconds: float = 30.0  # for a request's body, and for its answer


class HeldBytes:
    """The bytes of all bodies that are in memory; used by the event loop's thread alone."""

    def __init__(self, least: int):
        """Allow at least so many, so that one body of the largest size is taken on any machine."""
        self._most = max(least, min(MOST_HELD, memory()[1] // 4 or MOST_HELD))
        self._held = 0

    def hold(self) -> "Hold":
        """Return the context in which one body is held."""
        return Hold(self)

    def add(self, count: int) -> None:
        """Hold `count` more bytes. Raises HTTPException (503) where they would be too many."""
        if self._held + count > self._most:
            raise HTTPException(503, "too many bytes are in work; try again", RETRY_AFTER)
        self._held += count


class Hold:
    """The bytes of one body, held until the context ends."""

    def __init__(self, held: HeldBytes):
        self._held, self.count = held, 0

    def take(self, count: int) -> None:
        """Hold `count` more bytes. Raises HTTPException (503)."""
        self._held.add(count)
        self.count += count

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._held.add(-self.count)
