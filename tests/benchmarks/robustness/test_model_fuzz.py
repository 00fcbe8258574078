import sys
from collections import Counter
from pathlib import Path

import pytest
from edge_cifar.benchmarks.robustness.model_fuzz import REFUSED, damaged, try_files
from edge_cifar.edge.model.shipped_models import SHIPPED

SHIPPED_FILES = {path.read_bytes() for path in SHIPPED.glob("*.onnx")}


def test_damaged_files_are_refused_and_nothing_dies() -> None:
    for index, outcome in try_files(range(60), seed=1, again=False):
        unharmed = damaged(1, index, again=False) in SHIPPED_FILES
        assert outcome == ("same logits" if unharmed else REFUSED), index


def test_files_that_were_sealed_again_do_not_kill_either() -> None:
    outcomes = Counter(outcome for _, outcome in try_files(range(60), seed=1, again=True))
    assert outcomes.keys() <= {REFUSED, "same logits", "other logits"}
    assert outcomes[REFUSED] < 60, "the seals do not fit: this tries nothing"


def test_damage_is_the_same_for_the_same_seed() -> None:
    assert damaged(1, 2, again=True) == damaged(1, 2, again=True)
    assert damaged(1, 2, again=True) != damaged(2, 2, again=True)


def test_a_child_that_dies_is_counted_and_the_rest_is_tried(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    python = tmp_path / "python"
    python.write_text("#!/bin/sh\nread first; read second || exit 0\necho refused; kill -SEGV $$\n")
    python.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(python))
    outcomes = dict(try_files(range(4), seed=0, again=False))
    assert outcomes == {0: "refused", 1: "DIED (SIGSEGV)", 2: "refused", 3: "DIED (SIGSEGV)"}
