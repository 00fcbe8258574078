"""Whether the tests would notice: small faults put into the modules that decide answers, one at a time, by mutmut.

`python -m edge_cifar.benchmarks.methods.mutation`, in the repository (extra `[mutation]`), copies the tree to a scratch
folder, lets mutmut change each function of the modules of `NEAR` in every way it knows, and runs those of their tests
that call it. A mutant that no test fails on has survived; what survives because nothing a caller can see depends on it
is explained, by its change, in `results/mutation_explained.toml`.
"""

import json
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated

import typer

from ...edge.cli.exit_status import reporting
from ...edge.errors import EdgeCifarError
from ...edge.files.atomic_write import write_json, write_text
from .mutation_report import Mutant, as_markdown, by_module

FOLDERS = ("edge", "train", "export", "benchmarks")
NEAR: dict[str, tuple[str, ...]] = {
    "edge/inference/classifier.py": (
        "tests/edge/inference/test_classifier.py",
        "tests/edge/inference/test_classifier_answers.py",
        "tests/edge/inference/test_classifier_many.py",
        "tests/edge/inference/test_tta.py",
    ),
    "edge/inference/prediction.py": ("tests/edge/inference/test_prediction.py",),
    "edge/splits/split_rules.py": ("tests/edge/splits/test_split_rules.py",),
    "edge/data/datasets.py": (
        "tests/edge/data/test_datasets.py",
        "tests/edge/data/test_datasets_named.py",
        "tests/edge/data/test_datasets_small_classes.py",
        "tests/edge/data/test_label_table.py",
    ),
    "edge/results/resume_index.py": ("tests/edge/results/test_resume_index.py",),
    "edge/model/golden_logits.py": ("tests/edge/model/test_golden_logits.py",),
    "edge/data/label_table.py": ("tests/edge/data/test_label_table.py",),
    "edge/results/line_file.py": ("tests/edge/results/test_line_file.py", "tests/edge/cli/test_output.py"),
    "edge/stats/classification.py": ("tests/edge/stats/test_classification.py",),
    "edge/model/onnx_file.py": (
        "tests/edge/model/test_onnx_file.py",
        "tests/edge/model/test_onnx_file_hidden.py",
        "tests/edge/model/test_onnx_file_seal.py",
        "tests/edge/model/test_onnx_file_tensors.py",
    ),
    "edge/model/onnx_schema.py": ("tests/edge/model/test_onnx_schema.py",),
    "edge/model/protobuf.py": ("tests/edge/model/test_protobuf.py",),
    "edge/results/rows.py": ("tests/edge/results/test_rows.py",),
    "edge/data/split_folders.py": ("tests/edge/data/test_split_folders.py",),
    "edge/data/seen_photos.py": ("tests/edge/data/test_seen_photos.py",),
    "edge/stats/accuracy.py": ("tests/edge/stats/test_accuracy.py",),
    "edge/stats/confidence.py": ("tests/edge/stats/test_confidence.py",),
    "edge/stats/significance.py": ("tests/edge/stats/test_significance.py",),
    "edge/stats/softmax.py": ("tests/edge/stats/test_softmax.py",),
    "edge/model/strict_json.py": ("tests/edge/model/test_strict_json.py",),
    "export/quantization/calibration.py": ("tests/export/quantization/test_calibration.py",),
    "export/evidence/measured_accuracy.py": ("tests/export/evidence/test_measured_accuracy.py",),
    "export/graph/graph_view.py": ("tests/export/graph/test_graph_view.py",),
    "export/proof/portability.py": ("tests/export/proof/test_portability.py",),
    "export/proof/prove_graph.py": (
        "tests/export/proof/test_prove_graph.py",
        "tests/export/proof/test_prove_graph_layers.py",
    ),
    "export/proof/rules.py": ("tests/export/proof/test_rules.py",),
    "export/proof/saturation.py": ("tests/export/proof/test_saturation.py",),
    "export/quantization/residual_sums.py": ("tests/export/quantization/test_residual_sums.py",),
    "edge/splits/look_alikes.py": ("tests/edge/splits/test_look_alikes.py",),
    "edge/splits/name_groups.py": ("tests/edge/splits/test_name_groups.py",),
    "export/cleanup/logits_out.py": ("tests/export/cleanup/test_logits_out.py",),
    "export/cleanup/pooling.py": ("tests/export/cleanup/test_pooling.py",),
    "export/proof/enumeration.py": ("tests/export/proof/test_enumeration.py",),
    "export/proof/functions.py": ("tests/export/proof/test_functions.py",),
    "train/transfer/frozen.py": ("tests/train/transfer/test_frozen.py",),
    "train/transfer/plan.py": ("tests/train/transfer/test_plan.py",),
}
"""What decides an answer, a promise, or what is written of them; each with the tests that must notice its faults."""
RESULTS = Path("benchmarks", "results")
EXPLAINED = RESULTS / "mutation_explained.toml"

# mutmut's exit codes; all others are time-outs and crashes, which a test run notices
SURVIVED, UNTESTED, UNCHECKED, NOT_RUN = 0, 33, None, 255

# time-outs are generous, since on a busy machine a slow test would pass for one that noticed
CONFIG = """
[tool.mutmut]
process_isolation = "forkserver"
timeout_constant = 8.0
timeout_multiplier = 4.0
source_paths = ["edge_cifar"]
only_mutate = {modules}
pytest_add_cli_args_test_selection = {tests}
pytest_add_cli_args = ["-m", "not slow and not network", "-p", "no:cacheprovider"]
also_copy = {folders}
"""

# appended to what pytest reads first: one test that fails is enough, so the slow ones come last
FASTEST_FIRST = """

def pytest_collection_modifyitems(items):
    import json, pathlib

    measured = pathlib.Path("mutmut-stats.json")
    seconds = json.loads(measured.read_text())["duration_by_test"] if measured.exists() else {}
    items.sort(key=lambda item: seconds.get(item.nodeid, 0.0))
"""


def mutation(
    modules: Annotated[
        list[str] | None,
        typer.Argument(metavar="MODULE...", help="Such as edge/model/golden_logits.py.  [default: all of them]"),
    ] = None,
    jobs: Annotated[int, typer.Option(help="Mutants tried at once.", min=1)] = 2,
    out: Annotated[Path, typer.Option(help="Folder for mutation.json and mutation.md.")] = RESULTS,
) -> None:
    """Put faults into the modules, and write down which of them no test notices. What is written of others stays."""
    explained = tomllib.loads(EXPLAINED.read_text())["explained"]
    with tempfile.TemporaryDirectory() as scratch:
        stage(Path(scratch), modules or list(NEAR))
        _run(Path(scratch), jobs)
        if again := [name for _, name, code in _codes(Path(scratch)) if code == NOT_RUN]:  # it happens, once
            _run(Path(scratch), jobs, *again)
        mutants = list(outcome(Path(scratch), explained))
    if not mutants:
        raise EdgeCifarError(f"no function to change in {', '.join(modules or NEAR)}")
    measured = out / "mutation.json"
    earlier = json.loads(measured.read_text()) if measured.exists() else {}
    found = {module: of for module, of in sorted({**earlier, **by_module(mutants)}.items()) if module in NEAR}
    write_json(measured, found)
    write_text(out / "mutation.md", as_markdown(found))
    typer.echo(as_markdown(found))


def stage(folder: Path, modules: Sequence[str]) -> None:
    """Lay the tree out as it is imported, so that mutmut's names are the modules' own. Raises EdgeCifarError."""
    for module in modules:
        if module not in NEAR:
            raise EdgeCifarError(f"{module}: no near tests are known of it; expected {', '.join(NEAR)}")
        if not Path(module).is_file():
            raise EdgeCifarError(f"{module}: no such module; run this in the repository")
    for name in (*FOLDERS, "tests"):
        kept = shutil.ignore_patterns("__pycache__")
        shutil.copytree(name, folder / ("tests" if name == "tests" else f"edge_cifar/{name}"), ignore=kept)
    shutil.copy("edge/public/__init__.py", folder / "edge_cifar")
    for name in FOLDERS:  # where tests look for the files of the repository
        (folder / name).symlink_to(Path("edge_cifar", name))
    with (folder / "tests" / "conftest.py").open("a") as file:
        file.write(FASTEST_FIRST)
    shutil.copy("README.md", folder)
    config = CONFIG.format(
        modules=json.dumps([f"edge_cifar/{module}" for module in modules]),
        tests=json.dumps(sorted({test for module in modules for test in NEAR[module]})),
        folders=json.dumps([*FOLDERS, "README.md"]),
    )
    project = (
        Path("pyproject.toml")
        .read_text()
        .replace('pythonpath = ["tests/helpers"]', 'pythonpath = ["tests/helpers", "."]')
    )
    (folder / "pyproject.toml").write_text(project + config)


def outcome(folder: Path, explained: dict[str, str]) -> Iterator[Mutant]:
    """Yield every mutant that mutmut tried in `folder`; those that no test notices with their change and why."""
    for module, name, code in _codes(folder):
        if code == NOT_RUN:
            tests = ", ".join(NEAR[module])
            raise EdgeCifarError(f"{name}: pytest could not run {tests}; has each id of a test only plain characters?")
        if code in (SURVIVED, UNTESTED, UNCHECKED):
            change = _change(folder, name)
            yield Mutant(module, name, False, change, explained.get(change, ""))
        else:
            yield Mutant(module, name, True)


def _run(folder: Path, jobs: int, *names: str) -> None:
    """Let mutmut try the mutants of these names, or all. Raises EdgeCifarError."""
    command = [sys.executable, "-m", "mutmut", "run", "--max-children", str(jobs), *names]
    if subprocess.run(command, cwd=folder, stdout=sys.stderr).returncode:
        raise EdgeCifarError("mutmut failed; what it says stands above (do the tests pass as they are?)")


def _codes(folder: Path) -> Iterator[tuple[str, str, int | None]]:
    """Yield module, name and exit code of every mutant."""
    for file in sorted(folder.glob("mutants/edge_cifar/**/*.meta")):
        module = str(file.relative_to(folder / "mutants" / "edge_cifar")).removesuffix(".meta")
        for name, code in json.loads(file.read_text())["exit_code_by_key"].items():
            yield module, name, code


def _change(folder: Path, name: str) -> str:
    """Return the lines that a mutant takes away and puts in, as a diff has them."""
    shown = subprocess.run(
        [sys.executable, "-m", "mutmut", "show", name], cwd=folder, capture_output=True, text=True, check=True
    )
    lines = shown.stdout.splitlines()
    changed = [line for line in lines if line[:1] in ("-", "+") and line[:3] not in ("---", "+++")]
    return "\n".join(f"{line[0]}{line[1:].strip()}" for line in changed)


if __name__ == "__main__":
    with reporting("mutation"):
        typer.run(mutation)
