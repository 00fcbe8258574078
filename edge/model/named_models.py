"""Several models by names that fit into a URL: of the command line's words "nano", FILE or NAME=FILE."""

import re
from collections.abc import Iterable
from pathlib import Path

from ..errors import EdgeCifarError
from .shipped_models import FAMILY, SHIPPED, default_model, model_file

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


def named_models(words: Iterable[str]) -> dict[str, Path]:
    """Return model files by name, in order; without any words what `predict` takes.

    Raises EdgeCifarError for a name that is no good or is there twice.
    """
    models: dict[str, Path] = {}
    for name, path in [_named(text) for text in words] or [_of_file(default_model())]:
        if not NAME.fullmatch(name):
            raise EdgeCifarError(f"{path}: {name!r} can't be part of a URL; name the model as in my-model={path}")
        if name in models:
            raise EdgeCifarError(f"{path}: a second model called {name}; name it as in other-{name}={path}")
        models[name] = path
    return models


def _named(text: str) -> tuple[str, Path]:
    name, equals, file = text.partition("=")
    if equals and not Path(text).exists():
        return name, model_file(file)
    return _of_file(model_file(text))


def _of_file(path: Path) -> tuple[str, Path]:
    """Return a file with its name: of "model.int8.onnx" that is "model.int8", of the package's the family's."""
    name = path.name.removesuffix(".onnx")
    short = name.removesuffix(".int8")
    return (short if path.parent == SHIPPED and short in FAMILY else name), path
