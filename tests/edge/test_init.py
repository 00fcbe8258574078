"""The public names, by either door: `edge_cifar`, which users take, and `edge_cifar.edge` behind it."""

import ast
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import edge_cifar
import edge_cifar.edge
import pytest

DOORS = pytest.mark.parametrize("door", [edge_cifar, edge_cifar.edge], ids=["edge_cifar", "edge_cifar.edge"])
NAMES = [
    "Classifier",
    "EdgeCifarError",
    "Explanation",
    "ModelCard",
    "ModelError",
    "Photo",
    "PhotoError",
    "Prediction",
    "Ranked",
    "Result",
    "Verification",
]


@DOORS
def test_the_public_names_are_these(door: ModuleType) -> None:
    assert door.__all__ == dir(door) == NAMES
    for name in NAMES:
        assert getattr(door, name) is getattr(edge_cifar.edge, name)
    everything: dict[str, object] = {}
    exec(f"from {door.__name__} import *", everything)
    assert sorted(everything.keys() - {"__builtins__"}) == NAMES


def test_type_checkers_see_the_same_names() -> None:
    tree = ast.parse(Path(str(edge_cifar.edge.__file__)).read_text())
    imported = [node for branch in tree.body if isinstance(branch, ast.If) for node in branch.body]
    assert sorted(each.asname for node in imported for each in node.names) == NAMES  # type: ignore[attr-defined]


@DOORS
def test_another_name_is_an_attribute_error(door: ModuleType) -> None:
    for name in ("Nonsense", "errors_", "numpy"):
        with pytest.raises(AttributeError, match=f"module 'edge_cifar' has no attribute '{name}'"):
            getattr(door, name)


def test_the_import_loads_no_library() -> None:
    program = "import sys; before = {*sys.modules}; import edge_cifar; print(*sorted({*sys.modules} - before))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["edge_cifar", "edge_cifar.edge"]
