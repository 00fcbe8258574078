"""How a result is written: as a row of named values, and that as a line of JSON or of CSV."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Protocol, TypeAlias

from ..errors import printable
from ..inference.classifier import Classifier
from ..inference.prediction import Result

Row: TypeAlias = dict[str, Any]

DIGITS = 16  # of a model's SHA-256 that a result holds
RISKY = ("=", "+", "-", "@", "\t", "\r")  # a cell that begins so is a formula to spreadsheets (OWASP, CSV injection)


@dataclass(frozen=True)
class Origin:
    """What a result comes from: a model by its file's name and SHA-256, and the options that matter."""

    model: str
    model_sha256: str  # the first `DIGITS` hex digits
    threshold: float
    tta: bool
    top: int  # labels of a result

    def row(self) -> Row:
        """Return what stands at the end of each row: all but `top`, which can be seen."""
        return {name: value for name, value in vars(self).items() if name != "top"}

    def difference(self, values: Row, names: Sequence[str] = ("model_sha256", "threshold", "tta", "top")) -> str:
        """Return in words what a result was made with that this is not, by those of `names` it holds; "" if nothing."""
        if "model_sha256" not in values:
            return "made by an earlier version, which named no model"
        own = vars(self)
        for name in names:
            if name in values and values[name] != own[name]:
                model = [f"{given['model']} " if name == "model_sha256" else "" for given in (values, own)]
                return (
                    f"made with {name.removesuffix('_sha256')} {model[0]}{values[name]}, now it is "
                    f"{model[1]}{own[name]}"
                )
        return ""


def origin_of(classifier: Classifier, top: int, tta: bool = False) -> Origin:
    """Return what the results of `classifier` come from."""
    model = classifier.model
    labels = min(top, len(model.card.labels))
    return Origin(printable(model.path.name), model.digest[:DIGITS], classifier.threshold, tta, labels)


def row(result: Result, origin: Origin | None = None) -> Row:
    """Return all that is known of a photo, by name."""
    values = result.to_dict()
    path = written(str(values.pop("source")))
    return {"path": path, **values, **(origin.row() if origin else {})}


def written(path: str) -> str:
    """Return a path as results hold it: itself, so that it opens the photo again, if it is valid Unicode.

    One that isn't, since its bytes are no UTF-8, is written as a `file:` URI (RFC 8089), which stands for any bytes;
    one that looks like such a URI gets `./` before it.
    """
    try:
        path.encode()
    except UnicodeEncodeError:
        return Path(path).absolute().as_uri()
    return f"./{path}" if path.startswith("file:") else path


JSON_START = '{"path": '


class LineFormat(Protocol):
    """A kind of file that holds one result a record: a line, or several where a name has line breaks in it."""

    suffix: ClassVar[str]
    start: ClassVar[str]  # of every record but the header
    header: str  # the first record, or none

    def __init__(self, origin: Origin | None): ...

    def line(self, result: Result) -> str:
        """Return a record, without the line break at its end."""

    def name(self, path: str) -> str:
        """Return what tells a path from others."""

    def name_in(self, line: str) -> str:
        """Return the name of the path that a whole record is of. Raises ValueError or LookupError if it is none."""

    def row_in(self, line: str) -> Row:
        """Return what a record holds: at least its `error`, if it is of one, and where it comes from."""

    @staticmethod
    def is_whole(record: bytes) -> bool:
        """Return whether a record, which ends in a line break, ends there."""


class JsonLines:
    """One JSON object a line, in ASCII, as strict readers take it."""

    suffix: ClassVar[str] = ".jsonl"
    start: ClassVar[str] = JSON_START

    def __init__(self, origin: Origin | None):
        self._origin = origin
        self.header = ""

    def line(self, result: Result) -> str:
        """Return one line of JSON."""
        return json.dumps(row(result, self._origin))

    def name(self, path: str) -> str:
        """Return the path as it is written."""
        return written(path)

    @staticmethod
    def name_in(line: str) -> str:
        """Return the path in a line."""
        path: str = json.loads(line)["path"]
        return path

    def row_in(self, line: str) -> Row:
        """Return what a line holds."""
        values: Row = json.loads(line)
        if "top" in values:
            values["top"] = len(values["top"])
        return values

    @staticmethod
    def is_whole(record: bytes) -> bool:  # noqa: ARG004
        """Return True: JSON in one line has no line breaks."""
        return True


class Csv:
    """A table in UTF-8 by RFC 4180, with a column for each of the `top` labels.

    A path that spreadsheets would take for a formula gets `./` before it, and still opens the photo; other such text,
    as a label, gets an apostrophe.
    """

    suffix: ClassVar[str] = ".csv"
    start: ClassVar[str] = ""

    def __init__(self, origin: Origin | None):
        self._origin = origin
        self._top = origin.top if origin else 1
        self.header = ",".join(self.columns(self._top, origin))

    @staticmethod
    def columns(top: int, origin: Origin | None) -> list[str]:
        """Return the names of the columns; the first of the `top` labels is the guess."""
        ranked = [f"{kind}_{place}" for place in range(2, top + 1) for kind in ("label", "probability")]
        return [
            "path",
            "label",
            "confidence",
            "guess",
            "error",
            "abstained",
            *ranked,
            *(origin.row() if origin else ()),
        ]

    def line(self, result: Result) -> str:
        """Return one record, with line breaks in it only if the path has them."""
        values = row(result, self._origin) | {"path": self.name(str(result.source))}
        for place, ranked in enumerate(values.get("top", ()), 1):
            values |= {f"label_{place}": ranked["label"], f"probability_{place}": ranked["probability"]}
        return ",".join(_cell(values.get(column)) for column in self.columns(self._top, self._origin))

    def name(self, path: str) -> str:
        """Return the path as it is written."""
        return f"./{path}" if path.startswith(RISKY) and path != "-" else written(path)

    def name_in(self, line: str) -> str:
        """Return the path in a record."""
        path: str = self.row_in(line)["path"]
        return path

    def row_in(self, line: str) -> Row:
        """Return what a record holds. Raises ValueError if its columns are others."""
        values: Row = dict(zip(self.header.split(","), _cells(line), strict=True))
        if not values["error"]:
            del values["error"]
        if self._origin:
            values |= {"threshold": float(values["threshold"]), "tta": {"true": True, "false": False}[values["tta"]]}
        return values

    @staticmethod
    def is_whole(record: bytes) -> bool:
        """Return whether the line break at the end is outside of quotes."""
        return record.count(b'"') % 2 == 0


def _cell(value: object) -> str:
    if value is None or isinstance(value, bool | float):
        return "" if value is None else json.dumps(value)
    text = str(value)
    if text.startswith(RISKY) and text != "-":
        text = f"'{text}"
    return '"' + text.replace('"', '""') + '"' if set(text) & set(',"\r\n') else text


def _cells(line: str) -> list[str]:
    import csv  # here, since a start without CSV need not load it

    try:
        [values] = csv.reader([line], strict=True)
    except csv.Error as error:
        raise ValueError(error) from error
    return values


LINE_FORMATS: dict[str, type[JsonLines] | type[Csv]] = {form.suffix: form for form in (JsonLines, Csv)}
"""By the end of a file's name, in lower case."""
