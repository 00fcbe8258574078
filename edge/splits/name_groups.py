"""Photos that belong together by their names: of one scene, day or device, as a pattern says."""

import re
from collections.abc import Sequence

from ..errors import DataError


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
