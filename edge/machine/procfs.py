"""Reading the small text files in which Linux describes itself."""

import re
from pathlib import Path

from .cgroup import lines


def read(path: Path) -> str:
    """Return a file's text, empty where it can't be read."""
    return "\n".join(lines(path))


def entry(text: str, name: str) -> str:
    """Return the value of the first line `name : value` or `name=value`, empty if there is none."""
    match = re.search(rf"^{name}[ \t]*[:=](.*)$", text, re.MULTILINE)
    return match[1].strip() if match else ""
