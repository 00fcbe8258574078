"""The house rules that no linter knows: which room may import which, and that nothing ships under a common name."""

import ast
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from edge_cifar.benchmarks.publish.house_map import FOLDERS, arrows, imported_modules, modules

ROOT = Path(__file__).resolve().parents[1]

# Which rooms of its own folder a room imports, from the ground up.
ARROWS = {
    "edge/machine": "",
    "edge/stats": "",
    "edge/photos": "machine",
    "edge/model": "photos",
    "edge/files": "model",
    "edge/splits": "stats",
    "edge/data": "files machine photos splits stats",
    "edge/inference": "data model photos splits stats",
    "edge/public": "",  # takes its names from `edge` itself
    "edge/results": "files inference photos",
    "edge/stream": "inference photos results",
    "edge/bulk": "cli files inference machine photos results stats stream",
    "edge/report": "photos stats",
    "edge/web": "cli files model report",
    "edge/serve": "cli inference machine model results web",
    "edge/cli": "data files inference machine model photos results stats stream",
    "train/nets": "",
    "train/recipe": "nets",
    "train/runs": "nets recipe",
    "train/data": "nets recipe runs",
    "train/report": "nets recipe runs",
    "train/transfer": "data nets recipe runs",
    "train/loop": "data nets recipe report runs transfer",
    "train/tuning": "data loop nets recipe report runs",
    "train/cli": "data loop nets recipe report runs transfer tuning",
    "export/onnx_file": "",
    "export/foreign": "onnx_file",
    "export/cleanup": "foreign graph",
    "export/graph": "",
    "export/pretrained": "foreign graph",
    "export/proof": "graph",
    "export/quantization": "graph proof",
    "export/evidence": "proof quantization",
    "export/pipeline": "cleanup evidence foreign graph proof quantization",
    "benchmarks/measure": "",
    "benchmarks/report": "measure",
    "benchmarks/cli": "measure report",
    "benchmarks/photo_path": "",
    "benchmarks/portability": "browser",
    "benchmarks/robustness": "measure",
    "benchmarks/runtime": "measure",
    "benchmarks/archives": "photo_path",
    "benchmarks/gpu": "runtime",
    "benchmarks/methods": "report runtime",
    "benchmarks/peers": "measure photo_path portability",
    "benchmarks/browser": "",
    "benchmarks/publish": "browser own_photos peers portability report",
    "benchmarks/own_photos": "measure portability",
    "benchmarks/release": "",
    "benchmarks/zoo": "measure portability",
    "benchmarks/serving": "robustness",
}
# And which folders a folder imports; what needs the extra [train] is imported by nothing that doesn't.
MAY_IMPORT = {
    "edge": set(),
    "train": {"edge"},
    "export": {"edge", "train"},
    "benchmarks": {"edge", "train", "export"},
}
STUDIES = {
    "archives",
    "browser",
    "gpu",
    "methods",
    "own_photos",
    "peers",
    "photo_path",
    "portability",
    "publish",
    "release",
    "robustness",
    "runtime",
    "serving",
    "zoo",
}  # not in the wheel
RUNTIME_LIBRARIES = {"numpy", "PIL", "onnxruntime", "typer"} | {"pyarrow"}  # the last by an extra
SERVE_LIBRARIES = {"fastapi", "prometheus_client", "pydantic", "python_multipart", "starlette", "uvicorn"}  # [serve]
BULK_LIBRARIES = {"fsspec", "ray"}  # [ray]
FILES = [path for folder in FOLDERS for path in modules(ROOT / folder)]


def _imports(path: Path) -> Iterator[tuple[int, str]]:
    """Yield (dots, module) of every import statement."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from ((0, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.level, node.module or ""


def _assignments(path: Path, name: str) -> list[ast.Assign]:
    """Return the top-level assignments to `name`."""
    nodes = [node for node in ast.parse(path.read_text()).body if isinstance(node, ast.Assign)]
    return [node for node in nodes if ast.unparse(node.targets[0]) == name]


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_folders_import_one_way_and_relatively(path: Path) -> None:
    folder = path.relative_to(ROOT).parts[0]
    for dots, module in _imports(path):
        top = module.split(".")[0]
        if dots == 0:
            assert top not in {*MAY_IMPORT, "edge_cifar"}, f"{path}: import {module} relatively"
        if dots == len(path.relative_to(ROOT).parts):
            assert top in MAY_IMPORT[folder], f"{path}: {folder}/ may not import {top}/"


@pytest.mark.parametrize("folder", FOLDERS)
def test_rooms_import_along_the_arrows(folder: str) -> None:
    allowed = {room: set(others.split()) for room, others in ARROWS.items() if room.startswith(f"{folder}/")}
    assert {f"{folder}/{room}": others for room, others in arrows(ROOT, folder).items()} == allowed


def test_others_take_from_a_room_what_it_names() -> None:
    taken: dict[Path, set[str]] = {path.parent: set() for path in FILES}
    for path in FILES:
        for module in imported_modules(path):
            if module.parent != path.parent:
                taken[module.parent].add(module.stem)
    for room in {room for room in taken if len(room.relative_to(ROOT).parts) > 1} - {ROOT / "edge" / "public"}:
        named = [ast.literal_eval(node.value) for node in _assignments(room / "__init__.py", "__all__")]
        assert {name for names in named for name in names} == taken[room], f"{room}: __all__ names other modules"


def test_no_modules_import_each_other_in_a_circle() -> None:
    graph = {path: set(imported_modules(path)) for path in FILES}
    while ends := {path for path, others in graph.items() if not others & graph.keys()}:
        graph = {path: others for path, others in graph.items() if path not in ends}
    assert list(graph) == []


def test_only_the_command_line_knows_typer() -> None:
    # each has its own `command.py`
    commands = {Path("export"), Path("edge/bulk"), Path("edge/serve"), Path("edge/web")}
    homes = {path.parent.relative_to(ROOT) for path in FILES if (0, "typer") in _imports(path)}
    studies = {Path("benchmarks", study) for study in {*STUDIES, "measure"}}  # `startup` is one, too
    assert homes - studies == {*(Path(folder, "cli") for folder in ("edge", "train", "benchmarks")), *commands}


def test_a_room_is_small_and_says_what_it_is_for() -> None:
    for room in {path.parent for path in FILES}:
        assert len(list(room.glob("*.py"))) <= 15, f"{room}: too many files for one room"
        assert ast.get_docstring(ast.parse((room / "__init__.py").read_text())), f"{room}: say what it is for"
    for path in (*FILES, *modules(ROOT / "tests")):
        assert len(path.read_text().splitlines()) <= 300, f"{path}: too long"


def test_tests_mirror_the_rooms() -> None:
    for path in modules(ROOT / "tests"):
        room = path.parent.relative_to(ROOT / "tests")
        assert room == Path("helpers") or (ROOT / room).is_dir(), f"{path}: tests a room that is not there"


def test_what_users_run_ships_and_what_maintainers_run_does_not() -> None:
    rooms = {path.parent.relative_to(ROOT) for path in FILES}
    expected = {f"edge_cifar.{'.'.join(room.parts)}" for room in rooms if not STUDIES & set(room.parts)}
    expected = expected - {"edge_cifar.edge.public"} | {"edge_cifar"}
    configured = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]
    files = [(package, path) for package, paths in configured["package-data"].items() for path in paths]
    data_folders = {".".join((package, *Path(path).parent.parts)) for package, path in files if Path(path).parent.parts}
    assert set(configured["packages"]) == expected | data_folders


def test_text_is_read_in_the_encoding_that_it_was_written_in() -> None:
    """Without `encoding` it is the system's: on Windows, of a class called café, another one than UTF-8."""
    for path in (each for each in FILES if not STUDIES & set(each.parts)):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "read_text":
                assert node.keywords, f"{path}, line {node.lineno}: which encoding?"


@pytest.mark.parametrize("folder", [*FOLDERS, "edge/public"])
def test_every_package_is_typed(folder: str) -> None:
    assert (ROOT / folder / "py.typed").exists()


def test_the_runtime_needs_only_its_four_libraries() -> None:
    for path in modules(ROOT / "edge"):
        own = {"bulk": BULK_LIBRARIES, "serve": SERVE_LIBRARIES}.get(path.parent.name, set())
        libraries = RUNTIME_LIBRARIES | own
        for dots, module in _imports(path):
            top = module.split(".")[0]
            assert dots or top in sys.stdlib_module_names or top in libraries, f"{path} imports {module}"
