"""The house rules that no linter knows: which folder may import which, and that nothing ships under a common name."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
MAY_IMPORT = {
    "edge": set(),
    "train": {"edge"},
    "export": {"edge", "train"},
    "benchmarks": {"edge", "train", "export"},  # what needs [train] is imported by nothing that doesn't
}
RUNTIME_LIBRARIES = {"numpy", "PIL", "onnxruntime", "typer"} | {"pyarrow"}  # the last by an extra
FILES = [path for folder in MAY_IMPORT for path in sorted((ROOT / folder).rglob("*.py"))]


def _imports(path: Path) -> Iterator[tuple[int, str]]:
    """Yield (dots, module) of every import statement."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from ((0, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.level, node.module or ""


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_folders_import_one_way_and_relatively(path: Path) -> None:
    folder = path.relative_to(ROOT).parts[0]
    for dots, module in _imports(path):
        top = module.split(".")[0]
        if dots == 0:
            assert top not in {*MAY_IMPORT, "edge_cifar"}, f"{path}: import {module} relatively"
        if dots == len(path.relative_to(ROOT).parts):
            assert top in MAY_IMPORT[folder], f"{path}: {folder}/ may not import {top}/"


@pytest.mark.parametrize("folder", MAY_IMPORT)
def test_every_package_is_typed_and_says_what_it_is(folder: str) -> None:
    assert (ROOT / folder / "py.typed").exists()
    assert ast.get_docstring(ast.parse((ROOT / folder / "__init__.py").read_text()))


def test_the_runtime_needs_only_its_four_libraries() -> None:
    for path in sorted((ROOT / "edge").rglob("*.py")):
        for dots, module in _imports(path):
            top = module.split(".")[0]
            assert dots or top in sys.stdlib_module_names or top in RUNTIME_LIBRARIES, f"{path} imports {module}"
