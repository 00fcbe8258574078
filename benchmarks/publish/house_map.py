"""`python -m edge_cifar.benchmarks.publish.house_map`: the map in CONTRIBUTING.md, drawn from the imports.

It shows the rooms of each folder with their first lines, and an arrow wherever a room imports another, but for those
that follow from others; and the ways of a photo and of a run, whose steps are functions that must exist.
"""

import ast
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, TypeAlias

import typer

from ...edge.cli.exit_status import reporting
from ...edge.errors import EdgeCifarError
from ...edge.files.atomic_write import write_text

Arrows: TypeAlias = dict[str, set[str]]

FOLDERS = ("edge", "train", "export", "benchmarks")
START, END = "<!-- {}: by `python -m edge_cifar.benchmarks.publish.house_map` -->", "<!-- end of {} -->"

PHOTO = (
    "edge.cli.predict.predict",
    "edge.stream.find_photos.find_photos",
    "edge.stream.ordered_threads.in_parallel",
    "edge.photos.source.photo_content",
    "edge.photos.decode.decode",
    "edge.photos.pixels.to_rgbx",
    "edge.inference.classifier.Classifier",
    "edge.model.contract.Model",
    "edge.results.rows.row",
    "edge.results.line_file.LineFile",
)
"""What a photo meets on its way from a folder to a line of results."""
RUN = (
    "train.cli.train.train",
    "train.recipe.recipe.Recipe",
    "train.data.run_data.load_recipe_data",
    "train.loop.train_run.Session",
    "train.loop.training.Training",
    "train.runs.run_folder.Run",
    "train.report.write_report.write_report",
    "export.pipeline.export_run.export_run",
    "export.graph.net_graph.build_graph",
    "export.quantization.accuracy_ladder.Ladder",
    "export.proof.portability.portability",
    "export.evidence.measured_accuracy.measure",
    "edge.model.golden_logits.verify_model",
)
"""What a run meets on its way from a recipe to a model file that can be verified anywhere."""


def house_map(
    page: Annotated[Path, typer.Option(help="File whose map is replaced.")] = Path("CONTRIBUTING.md"),
) -> None:
    """Draw the map anew, in the repository."""
    write_text(page, with_map(page.read_text(), Path()), replace_any=True)  # the rest of it is kept
    typer.echo(page)


def with_map(page: str, root: Path) -> str:
    """Return a page with each part of the map between its marks replaced. Raises EdgeCifarError if one lacks them."""
    parts = {folder: _rooms(root, folder) for folder in FOLDERS}
    parts |= {"photo": _way(root, PHOTO), "run": _way(root, RUN)}
    for name, part in parts.items():
        start, end = START.format(name), END.format(name)
        place = f"{re.escape(start)}.*?{re.escape(end)}"
        new = f"{start}\n{part}\n{end}"
        page, count = re.subn(place, new.replace("\\", r"\\"), page, flags=re.DOTALL)
        if count != 1:
            raise EdgeCifarError(f"the page has no place for {name}: {start} ... {end}")
    return page


def modules(folder: Path) -> list[Path]:
    """Return the Python files in and below a folder."""
    return sorted(folder.rglob("*.py"))


def arrows(root: Path, folder: str) -> Arrows:
    """Return for each room of a folder the others of that folder that it imports."""
    found: Arrows = {}
    for path in modules(root / folder):
        if room := _room(root, path, folder):
            others = {_room(root, module, folder) for module in imported_modules(path)} - {room, ""}
            found.setdefault(room, set()).update(others)
    return found


def imported_modules(path: Path) -> Iterator[Path]:
    """Yield the files of ours that a module imports, wherever in it."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.level:
            home = path.parents[node.level - 1].joinpath(*(node.module or "").split("."))
            names = [home / alias.name for alias in node.names]
            yield from (place.with_suffix(".py") for place in (home, *names) if place.with_suffix(".py").is_file())


def _room(root: Path, path: Path, folder: str) -> str:
    """Return the room of `folder` that a file lies in, empty where that is none."""
    parts = path.relative_to(root).parts
    return parts[1] if parts[0] == folder and len(parts) > 2 else ""


def _rooms(root: Path, folder: str) -> str:
    """Return a folder's rooms as a list with their first lines, and as a Mermaid graph."""
    found = arrows(root, folder)
    lines = [f"- `{folder}/{room}/`: {_first_line(root / folder / room)}" for room in sorted(found)]
    drawn = [f"    {room} --> {other}" for room, others in sorted(_direct(found).items()) for other in sorted(others)]
    alone = [f"    {room}" for room in sorted(found) if not any(room in line.split() for line in drawn)]
    return "\n".join([*lines, "", "```mermaid", "flowchart TD", *drawn, *alone, "```"])


def _direct(found: Arrows) -> Arrows:
    """Return the arrows without those that others lead along as well."""
    return {room: others - set().union(*(_reached(found, other) for other in others)) for room, others in found.items()}


def _reached(found: Mapping[str, set[str]], room: str) -> set[str]:
    return set().union(*({other} | _reached(found, other) for other in found[room]))


def _way(root: Path, steps: Sequence[str]) -> str:
    """Return a way as a Mermaid graph. Raises EdgeCifarError if a step is no longer there."""
    for step in steps:
        module, _, name = step.rpartition(".")
        file = root.joinpath(*module.split(".")).with_suffix(".py")
        if not file.is_file() or name not in _defined(file):
            raise EdgeCifarError(f"{step}: no such function; put the way right in house_map.py")
    boxes = [f'    s{i}["{_place(step)}"]' for i, step in enumerate(steps)]
    arrows_between = " --> ".join(f"s{i}" for i in range(len(steps)))
    return "\n".join(["```mermaid", "flowchart LR", *boxes, f"    {arrows_between}", "```"])


def _defined(path: Path) -> set[str]:
    """Return the names of a module's functions and classes."""
    nodes = ast.parse(path.read_text()).body
    return {node.name for node in nodes if isinstance(node, ast.FunctionDef | ast.ClassDef)}


def _place(step: str) -> str:
    module, _, name = step.rpartition(".")
    return f"{module.replace('.', '/')}.py<br/>{name}"


def _first_line(room: Path) -> str:
    return (ast.get_docstring(ast.parse((room / "__init__.py").read_text())) or "").splitlines()[0]


if __name__ == "__main__":
    with reporting("house_map"):
        typer.run(house_map)
