import json
from pathlib import Path

import pytest
from edge_cifar.benchmarks.mutation import MODULES, stage
from edge_cifar.benchmarks.mutation_report import Mutant, as_json, as_markdown
from edge_cifar.edge.errors import EdgeCifarError

ROOT = Path(__file__).resolve().parents[2]
MUTANTS = (
    Mutant("edge/a.py", "a_1", True),
    Mutant("edge/a.py", "a_2", False, "-x < 1\n+x <= 1"),
    Mutant("export/b.py", "b_1", False, "-debug\n+None", "only spoken"),
)


def test_the_tree_is_staged_as_it_is_imported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    stage(tmp_path, ["edge/golden.py"])
    assert (tmp_path / "edge_cifar/edge/golden.py").read_bytes() == (ROOT / "edge/golden.py").read_bytes()
    assert (tmp_path / "edge/models").is_dir()
    assert '"edge_cifar/edge/golden.py"' in (tmp_path / "pyproject.toml").read_text()


def test_a_module_that_is_not_there_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    with pytest.raises(EdgeCifarError, match=r"edge/nothing\.py: no such module"):
        stage(tmp_path, ["edge/nothing.py"])


@pytest.mark.parametrize("module", MODULES)
def test_every_module_is_there(module: str) -> None:
    assert (ROOT / module).is_file()


def test_counts_are_by_module_and_survivors_are_told_with_their_change() -> None:
    found = as_json(MUTANTS)
    assert (found["mutants"], found["killed"]) == (3, 1)
    assert found["modules"]["edge/a.py"] == {"mutants": 2, "killed": 1}
    assert [each["why"] for each in found["survivors"]] == ["", "only spoken"]
    json.dumps(found)


def test_unexplained_survivors_come_first() -> None:
    page = as_markdown((*MUTANTS[2:], *MUTANTS[:2]))
    assert "| `edge/a.py` | 2 | 1 | 0 | 1 |" in page
    assert page.index("not explained") < page.index("only spoken")
