"""Photos that belong together by their names: of one scene, day or device, as a pattern says."""

import re
from collections import Counter
from collections.abc import Sequence

from ..errors import DataError

SHOWN = 3  # names in a line


def check_pattern(pattern: str) -> "re.Pattern[str]":
    """Return a regular expression. Raises DataError when it is none."""
    try:
        return re.compile(pattern)
    except (re.error, OverflowError, RecursionError) as error:
        raise DataError(f"--split-by {pattern}: no regular expression ({error})") from error


def group_by_name(pattern: str, names: Sequence[str]) -> list[str | None]:
    """Return what `pattern` finds in each name: its groups, or all of what it matches; None where it matches nothing.

    Raises DataError when it is no regular expression, or matches no name.
    """
    expression = check_pattern(pattern)
    found = [expression.search(name) for name in names]
    if names and not any(found):
        raise DataError(f"--split-by {pattern}: matches none of {len(names)} names, {names[0]!r} for one")
    return ["/".join(part or "" for part in match.groups() or (match[0],)) if match else None for match in found]


def on_both_sides(sides: Sequence[Sequence[str]]) -> list[str]:
    """Return a line on the groups that stand on several sides of a split; none if there are none.

    Each class holds out one group at least and keeps one, and of several classes these need not be the same.
    """
    counts = Counter(name for side in sides for name in set(side))
    split = sorted(name for name, count in counts.items() if count > 1)
    shown = ", ".join(split[:SHOWN]) + (", ..." if len(split) > SHOWN else "")
    return [f"--split-by: on both sides of the split, since a class has few others: {shown}"] if split else []
