"""A page as HTML: its head, which lets it load nothing, and the pieces that its sections are made of."""

from collections.abc import Mapping, Sequence

from .markup import words
from .page_style import page_style

PAGE = "report.html"  # the page of a run or an export, in its folder
POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"  # the page can load nothing, whatever it says


def document(title: str, *sections: str) -> str:
    """Return a whole HTML document."""
    body = "\n".join(section for section in sections if section)
    return f"""<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="{POLICY}">
<title>{words(title)}</title>
<style>{page_style()}</style>
<h1>{words(title)}</h1>
{body}
</html>
"""


def section(title: str, *parts: str) -> str:
    """Return a section, nothing if it has no parts."""
    shown = "\n".join(part for part in parts if part)
    return f"<h2>{words(title)}</h2>\n{shown}" if shown else ""


def paragraph(text: str, kind: str = "") -> str:
    """Return a paragraph; `kind` "verdict" is large, "note" small."""
    return f'<p class="{kind}">{words(text)}</p>' if kind else f"<p>{words(text)}</p>"


def warning(title: str, reasons: Sequence[str]) -> str:
    """Return a banner."""
    items = "".join(f"<li>{words(reason)}" for reason in reasons)
    return f'<div class="warning" role="note"><strong>{words(title)}</strong><ul>{items}</ul></div>'


def table(header: Sequence[str], *rows: Sequence[str]) -> str:
    """Return a table that scrolls inside its own box where it is wider than the page; a row of one cell is a title."""
    lines = ["".join(f"<th>{words(cell)}" for cell in header)]
    for row in rows:
        title = f'<th colspan="{len(header)}">{words(row[0])}'
        lines.append(title if len(row) == 1 < len(header) else "".join(f"<td>{words(cell)}" for cell in row))
    return f'<div class="scroll"><table><tr>{"<tr>".join(lines)}</table></div>'


def facts(entries: Mapping[str, str]) -> str:
    """Return a list of topics and what is to be said of each."""
    return f"<dl>{''.join(f'<dt>{words(topic)}<dd>{words(text)}' for topic, text in entries.items())}</dl>"


def figure(title: str, note: str, chart: str) -> str:
    """Return a chart with a title and a note above it."""
    aside = f"<span>{words(note)}</span>" if note else ""
    return f"<figure><figcaption>{words(title)}{aside}</figcaption>{chart}</figure>"


def charts(*figures: str) -> str:
    """Return figures side by side where there is room, nothing if there are none."""
    shown = "\n".join(each for each in figures if each)
    return f'<div class="charts">{shown}</div>' if shown else ""


def commands(lines: Sequence[str]) -> str:
    """Return commands as they were typed."""
    return f"<pre>{'<br>'.join(map(words, lines))}</pre>"
