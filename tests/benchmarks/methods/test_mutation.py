import json
import tomllib
from pathlib import Path

import pytest
from edge_cifar.benchmarks.methods.mutation import NEAR, stage
from edge_cifar.benchmarks.methods.mutation_report import Mutant, as_markdown, by_module
from edge_cifar.edge.errors import EdgeCifarError

ROOT = Path(__file__).resolve().parents[3]
MUTANTS = (
    Mutant("edge/a.py", "a_1", True),
    Mutant("edge/a.py", "a_2", False, "-x < 1\n+x <= 1"),
    Mutant("export/b.py", "b_1", False, "-debug\n+None", "only spoken"),
)


def test_the_tree_is_staged_as_it_is_imported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    stage(tmp_path, ["edge/model/golden_logits.py"])
    assert (tmp_path / "edge_cifar/edge/model/golden_logits.py").read_bytes() == (
        ROOT / "edge/model/golden_logits.py"
    ).read_bytes()
    assert (tmp_path / "edge/models").is_dir()
    assert '"edge_cifar/edge/model/golden_logits.py"' in (tmp_path / "pyproject.toml").read_text()


def test_only_the_tests_near_a_module_are_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    stage(tmp_path, ["edge/results/resume_index.py", "edge/results/line_file.py"])
    mutmut = tomllib.loads((tmp_path / "pyproject.toml").read_text())["tool"]["mutmut"]
    assert mutmut["pytest_add_cli_args_test_selection"] == [
        f"tests/edge/{name}.py" for name in ("cli/test_output", "results/test_line_file", "results/test_resume_index")
    ]
    assert mutmut["only_mutate"] == [f"edge_cifar/edge/results/{name}.py" for name in ("resume_index", "line_file")]


def test_a_module_without_near_tests_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    with pytest.raises(EdgeCifarError, match=r"edge/nothing\.py: no near tests are known of it"):
        stage(tmp_path, ["edge/nothing.py"])


def test_another_folder_than_the_repository_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(
        EdgeCifarError, match=r"edge/results/resume_index\.py: no such module; run this in the repository"
    ):
        stage(tmp_path, ["edge/results/resume_index.py"])


@pytest.mark.parametrize("file", sorted({*NEAR, *(test for tests in NEAR.values() for test in tests)}))
def test_every_module_and_its_tests_are_there(file: str) -> None:
    assert (ROOT / file).is_file()


def test_counts_are_by_module_and_survivors_are_told_with_their_change() -> None:
    found = by_module(MUTANTS)
    assert found == {
        "edge/a.py": {
            "mutants": 2,
            "killed": 1,
            "survivors": [{"name": "a_2", "change": "-x < 1\n+x <= 1", "why": ""}],
        },
        "export/b.py": {
            "mutants": 1,
            "killed": 0,
            "survivors": [{"name": "b_1", "change": "-debug\n+None", "why": "only spoken"}],
        },
    }
    json.dumps(found)


def test_unexplained_survivors_come_first() -> None:
    page = as_markdown(by_module((*MUTANTS[2:], *MUTANTS[:2])))
    assert page.startswith("1 of 3 mutants killed, 33.3%.\n")
    assert "| `edge/a.py` | 2 | 1 | 0 | 1 |" in page
    assert page.index("not explained") < page.index("only spoken")
