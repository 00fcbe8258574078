"""Printing tables so that they read well on a terminal: heads in bold, what speaks against a run in red.

rich is there wherever typer is, which needs it.
"""

from rich.console import Console
from rich.text import Text

STYLES = {
    r"(?m)\A.+|(?<=\n\n).+": "bold",  # the first line of each block
    r"(?m)^INVALID:(.|\n )*": "bold red",
    r"(?m)^valid:.*": "green",
}
"""By pattern."""


def show(text: str, console: Console | None = None) -> None:
    """Print `text`, blocks of lines with an empty line between; where colours can't be shown, just as it is."""
    styled = Text(text)
    for pattern, style in STYLES.items():
        styled.highlight_regex(pattern, style)
    (console or Console()).print(styled, soft_wrap=True)
