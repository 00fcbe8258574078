from pathlib import Path

import pytest
from edge_cifar.benchmarks.runtime import session_settings as benchmark
from edge_cifar.benchmarks.runtime.session_settings import settings


def test_every_setting_has_a_line(
    tiny_int8_model: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(benchmark, "CALLS", {1: 10})
    settings(tiny_int8_model, rounds=1, busy=0)
    title, header, *lines = capsys.readouterr().out.splitlines()
    assert title == f"{tiny_int8_model}, medians of 1 processes, 0 others busy"
    assert header.split() == ["batch", "threads", "arena", "spin", "p50", "ms", "p90", "ms", "grown", "MB"]
    assert len({tuple(line.split()[:4]) for line in lines}) == len(lines) == 8
    assert all(0 < float(line.split()[4]) <= float(line.split()[5]) for line in lines)
