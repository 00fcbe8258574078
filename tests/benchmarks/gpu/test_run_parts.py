import json
import os
from pathlib import Path

import pytest
from edge_cifar.benchmarks.gpu.run_parts import RESULT, run_part, run_parts
from edge_cifar.edge.files.atomic_write import ForeignFileError

FOUND = """echo '{"ok": true, "figures": {"n": 1}, "why": "", "cut": ""}'"""
LONG = 600  # seconds


def _part(script: str, limit: float = LONG) -> dict[str, object]:
    return run_part(["sh", "-c", script], limit)


def test_the_last_finding_counts_and_what_libraries_print_does_not() -> None:
    part = _part(f"echo hello; {FOUND}; echo '[1]'; echo null; {FOUND.replace('1', '2')}; echo bye")
    assert (part["ok"], part["figures"], part["why"], part["cut"]) == (True, {"n": 2}, "", "")


def test_a_process_that_fails_is_a_part_that_failed_by_its_last_words_and_keeps_its_figures() -> None:
    part = _part(f"{FOUND}; echo out of memory >&2; exit 1")
    assert (part["ok"], part["figures"], part["why"]) == (False, {"n": 1}, "out of memory")
    died = _part("kill -ABRT $$")
    assert (died["ok"], died["figures"], died["why"]) == (False, {}, "exit status -6")


def test_a_part_whose_time_is_over_is_ended_with_what_it_started_and_says_so(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    reader = os.open(tmp_path / "pipe", os.O_RDONLY | os.O_NONBLOCK)
    part = _part(f"{FOUND}; sleep {LONG} > {tmp_path}/pipe & {FOUND}; wait", limit=1)
    assert (part["ok"], part["figures"], part["cut"]) == (True, {"n": 1}, "ended after its 1 s")
    os.set_blocking(reader, True)
    assert os.read(reader, 1) == b""  # nobody has the pipe open any more
    os.close(reader)


def test_a_part_that_found_nothing_in_its_time_failed() -> None:
    part = _part(f"sleep {LONG}", limit=0.1)
    assert (part["ok"], part["why"]) == (False, "found nothing in 0 s")


def test_a_part_that_fails_takes_no_other_along(tmp_path: Path) -> None:
    failed = run_parts("synthetic", tmp_path / "out", LONG, {"unheard_of": 0.2, "device": 1.0})
    result = json.loads((tmp_path / "out" / RESULT).read_text())
    assert failed == ["unheard_of"]
    assert result["parts"]["unheard_of"]["ok"] is False
    assert "unheard_of" in result["parts"]["unheard_of"]["why"]
    assert result["parts"]["device"]["figures"]["device"] in ("cpu", "cuda", "mps")
    assert result["versions"]["torch"]
    assert (tmp_path / "out" / "device").is_dir()


def test_a_file_of_somebody_elses_stays(tmp_path: Path) -> None:
    (tmp_path / RESULT).write_text("{}")
    with pytest.raises(ForeignFileError):
        run_parts("synthetic", tmp_path, 10, {"device": 1.0})
    assert (tmp_path / RESULT).read_text() == "{}"
