"""Short names of model files that can be told apart."""

from collections import Counter
from collections.abc import Sequence
from pathlib import PurePath

SUFFIX = ".onnx"
LONGEST = 48  # characters


def short_names(paths: Sequence[str]) -> list[str]:
    """Return for each path its last part without `.onnx`, with as many of the folders above as tell it from others."""
    parts = [PurePath(path.removesuffix(SUFFIX)).parts or (path,) for path in paths]
    names = [""] * len(parts)
    for length in range(1, max(map(len, parts), default=0) + 1):
        count = Counter(names)
        names = [
            "/".join(own[-length:]) if count[name] > 1 or not name else name
            for own, name in zip(parts, names, strict=True)
        ]
    return [shortened(name, LONGEST) for name in names]


def shortened(name: str, longest: int) -> str:
    """Return a name of at most `longest` characters, its middle left out if need be: both ends tell files apart."""
    tail = longest // 2
    return name if len(name) <= longest else f"{name[: longest - tail - 1]}…{name[-tail:]}"
