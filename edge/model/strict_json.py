"""JSON from a file that isn't trusted: of the many things that Python's reader lets pass, only JSON."""

import json
import math
from typing import Any, NoReturn

MAX_CHARACTERS = 16 * 2**20
"""Longest text read: 16 golden rows of as many labels as a card may have take 4 million characters."""


def strict_json(text: str) -> Any:
    """Return the value of a JSON text.

    Raises ValueError or RecursionError for one that is too long, names a key twice (readers differ in which counts),
    or holds numbers that aren't finite.
    """
    if len(text) > MAX_CHARACTERS:
        raise ValueError(f"{len(text):,} characters of JSON")
    return json.loads(text, object_pairs_hook=_object, parse_constant=_constant, parse_float=_finite)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key comes twice")
    return found


def _constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")


def _finite(digits: str) -> float:
    value = float(digits)
    if not math.isfinite(value):
        raise ValueError(f"{digits} is too large")
    return value
