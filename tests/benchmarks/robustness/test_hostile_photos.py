from collections.abc import Callable
from itertools import islice

import numpy as np
import pytest
from edge_cifar.benchmarks.robustness import hostile_photos
from edge_cifar.benchmarks.robustness.hostile_files import flip, graft, hostile_files, inflate, nest, repeat, sound
from edge_cifar.benchmarks.robustness.hostile_photos import Findings, try_some
from edge_cifar.edge.errors import PhotoError
from edge_cifar.edge.photos.contract import read_photo

SLICE = 25  # one of so many files


def test_a_slice_of_the_hostile_files_is_read_or_refused() -> None:
    refused = 0
    for _, content in islice(hostile_files(seed=1), 0, 12_000, SLICE):
        try:
            assert read_photo(content, 8).shape == (8, 8, 4)
        except PhotoError:
            refused += 1
    assert 0 < refused < 12_000 // SLICE


def test_the_undamaged_files_are_all_read() -> None:
    for _, content in sound():
        read_photo(content, 8)


def test_the_same_seed_makes_the_same_files_and_no_name_twice() -> None:
    first, again = (list(islice(hostile_files(0), 6_500)) for _ in range(2))
    assert first == again
    names = {name for name, _ in first}
    assert len(names) == len(first)
    assert {name.split("-")[0] for name in names} > {"bomb", "cut", "flip", "graft", "inflate", "nest", "repeat"}


@pytest.mark.parametrize("damage", [flip, graft, inflate, nest, repeat])
def test_every_kind_of_damage_changes_a_photo(damage: Callable[[bytes, np.random.RandomState], bytes]) -> None:
    content = dict(sound())["plain.png"]
    assert damage(content, np.random.RandomState(0)) != damage(content, np.random.RandomState(1)) != content


def test_a_run_reports_each_file_once() -> None:
    findings = Findings()
    assert try_some(islice(hostile_files(0), 60), findings) == 60
    assert findings.judge() == []
    assert (findings.files, findings.read > 20, findings.peak_bytes > 10e6) == (60, True, True)
    assert findings.slowest[1]


def test_a_file_that_is_not_named_and_what_goes_to_stderr_are_faults(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hostile_photos, "CHILD", (*hostile_photos.CHILD[:1], "-c", "import sys; sys.exit('died')"))
    findings = Findings()
    try_some(iter([("a.png", b"?"), (".hidden.png", b"?")]), findings)
    named, ended = findings.judge()
    assert named == ".hidden.png was named 0 times"
    assert "died" in ended


def test_the_limits_of_time_and_memory_are_held_against_the_worst() -> None:
    findings = Findings(slowest=(2.5, "slow.gif"), peak_bytes=500_000_000)
    assert findings.judge() == ["slow.gif took 2.5 s, more than 2.0", "500 MB of memory, more than 400"]
