"""Reading the small text files in which Linux describes itself (proc(5), sysfs(5))."""

import re
from pathlib import Path

ROOT = Path("/")


def read(path: Path) -> str:
    """Return a file's text without the white space around it, empty where it can't be read."""
    try:
        return path.read_text(errors="replace").strip()
    except OSError:
        return ""


def entry(text: str, name: str) -> str:
    """Return the value of the first line `name : value` or `name=value`, empty if there is none."""
    match = re.search(rf"^{name}[ \t]*[:=](.*)$", text, re.MULTILINE)
    return match[1].strip() if match else ""
