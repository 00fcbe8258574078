"""How a result is written: as a row of named values, and that as a line of JSON, of CSV, or for people."""

import io
import json
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, TypeAlias

from .classifier import Prediction
from .errors import PhotoError, printable

Result: TypeAlias = Prediction | PhotoError
Results: TypeAlias = Sequence[tuple[str, Result]]
"""Of paths, in order."""
Row: TypeAlias = dict[str, Any]

COLUMNS = ("path", "label", "confidence", "guess", "error")  # of a table


class LineFormat(NamedTuple):
    """A kind of file that holds one result a line."""

    header: str  # its first line, or none
    start: str  # of every other line
    line: Callable[[str, Result], str]  # of a path and its result
    name: Callable[[str], str]  # that tells a path from others
    name_in: Callable[[str], str]  # the name of the path that a line is of


def row(path: str, result: Result) -> Row:
    """Return all that is known of a photo, by name."""
    if isinstance(result, PhotoError):
        return {"path": path, "error": str(result)}
    return {"path": path, **vars(result), "top": [vars(ranked) for ranked in result.top]}


def columns(path: str, result: Result) -> list[Any]:
    """Return the values of `COLUMNS`, None where there is none; what can't be printed in a path is escaped."""
    values = row(printable(path), result)
    return [values.get(name) for name in COLUMNS]


def json_line(path: str, result: Result) -> str:
    """Return one line of JSON, in ASCII; from a name that is no UTF-8, `os.fsencode` makes the bytes it was."""
    return json.dumps(row(path, result))


def text_line(path: str, result: Prediction) -> str:
    """Return one line for people: "cat.jpg: cat 97.9%  (dog 1.3%)", or "cup.jpg: unknown  (cat 31.0%, dog 30.2%)"."""
    ranked = [f"{each.label} {each.probability:.1%}" for each in result.top]
    first, others = (result.label, ranked) if result.abstained else (ranked[0], ranked[1:])
    aside = f"  ({', '.join(others)})" if others else ""
    return f"{printable(path)}: {first}{aside}"


def _json_path(line: str) -> str:
    path: str = json.loads(line)["path"]
    return path


def _csv_line(path: str, result: Result) -> str:
    import csv  # here, since a start without CSV need not load it

    text = io.StringIO()
    csv.writer(text, lineterminator="").writerow(columns(path, result))
    return text.getvalue()


def _csv_path(line: str) -> str:
    import csv

    [values] = csv.reader([line], strict=True)
    path, *_others = values
    return path


JSON_START = '{"path": '
LINE_FORMATS = {
    ".jsonl": LineFormat("", JSON_START, json_line, str, _json_path),
    ".csv": LineFormat(",".join(COLUMNS), "", _csv_line, printable, _csv_path),
}
"""By the end of a file's name."""
