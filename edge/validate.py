"""Numbers that callers give: of the right kind and within bounds, or refused with what was expected."""

import math
import operator
from typing import SupportsFloat, SupportsIndex


def whole_number(name: str, value: SupportsIndex, least: int, most: int | None = None) -> int:
    """Return `value` as an int. Raises TypeError unless it is a whole number (no bool), ValueError out of bounds."""
    expected = f"a whole number, {least} or more" if most is None else f"a whole number, {least} to {most}"
    if isinstance(value, bool) or not hasattr(value, "__index__"):
        raise TypeError(f"{name}: expected {expected}, got {value!r}")
    number = operator.index(value)
    if number < least or (most is not None and number > most):
        raise ValueError(f"{name}: expected {expected}, got {number}")
    return number


def probability(name: str, value: SupportsFloat) -> float:
    """Return `value` as a float. Raises TypeError unless it is a number (no bool), ValueError outside of 0 to 1."""
    is_bool = isinstance(value, bool) or getattr(value, "dtype", None) == "bool"
    if is_bool or not hasattr(value, "__float__"):
        raise TypeError(f"{name}: expected a probability, 0 to 1, got {value!r}")
    number = float(value)
    if math.isnan(number) or not 0 <= number <= 1:
        raise ValueError(f"{name}: expected a probability, 0 to 1, got {number}")
    return number
