"""Results as a Parquet table, which is there when it is whole."""

import resource
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from edge_cifar.edge.cli.output import ended, open_output
from edge_cifar.edge.errors import EdgeCifarError
from edge_cifar.edge.results.rows import Results
from written import ORIGIN, RESULTS, write


def test_parquet_is_a_table_that_is_there_when_it_is_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    from edge_cifar.edge.results import parquet_file as module

    monkeypatch.setattr(module, "GROUP", 2)
    output = open_output(tmp_path / "out.parquet", resume=False, as_json=False, origin=ORIGIN)
    output.write(RESULTS)
    output.write(RESULTS[:1])
    assert not (tmp_path / "out.parquet").exists()
    output.close()
    rows = parquet.read_table(tmp_path / "out.parquet").to_pylist()
    assert [row["path"] for row in rows][:2] == ["a.png", "two\nlines, b.png"]
    origin = {"model": "small.onnx", "model_sha256": "0123456789abcdef", "threshold": 0.5, "tta": False}
    ranked = [{"label": "cat", "probability": 0.75}, {"label": "dog", "probability": 0.25}]
    label = {"label": "cat", "confidence": 0.75, "guess": "cat", "abstained": False}
    first = {"path": "a.png", **label, "error": None, "top": ranked}
    assert rows[0] == first | origin
    assert rows[1]["error"] == "damaged"
    assert [path.name for path in tmp_path.iterdir()] == ["out.parquet"]


def stop(path: Path, results: Results) -> None:
    with ended(open_output(path, resume=False, as_json=False, origin=ORIGIN)) as output:
        output.write(results)
        raise KeyboardInterrupt


def test_a_stopped_table_says_that_it_is_partial(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    out = tmp_path / "out.parquet"
    for name in ("out.parquet.partial", "out.parquet.partial-2"):
        with pytest.raises(KeyboardInterrupt):
            stop(out, RESULTS)
        assert f"{name} holds the 3 results until the stop. Parquet can't be continued" in capsys.readouterr().err
        assert parquet.read_table(tmp_path / name).num_rows == 3
    assert not out.exists()
    with pytest.raises(KeyboardInterrupt):
        stop(out, ())
    assert len(list(tmp_path.iterdir())) == 2


def test_a_table_that_a_killed_run_left_is_removed_by_the_next(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    code = """
import os, pathlib, sys
from edge_cifar.edge.cli.output import open_output
held = open_output(pathlib.Path(sys.argv[1]), resume=False, as_json=False)
os._exit(9)
"""
    subprocess.run([sys.executable, "-c", code, str(tmp_path / "out.parquet")], check=False)
    [cut] = tmp_path.iterdir()
    (tmp_path / ".edge-cifar-00000000").write_bytes(b"what another command is about to write")
    going_on = open_output(tmp_path / "other.parquet", resume=False, as_json=False, origin=ORIGIN)
    assert capsys.readouterr().err == f"{cut}: removed, a table that a killed run left without its end\n"
    whole = write_table(tmp_path / ".edge-cifar-11111111")  # as of a run that was killed before it gave it its name
    write(tmp_path / "out.parquet", RESULTS)
    going_on.write(RESULTS)
    going_on.close()
    assert parquet.read_metadata(tmp_path / "other.parquet").num_rows == 3
    assert whole.exists()
    assert len(list(tmp_path.iterdir())) == 4


def write_table(path: Path) -> Path:
    write(path.with_suffix(".parquet"), RESULTS)
    return path.with_suffix(".parquet").rename(path)


def test_a_full_disk_is_one_line_and_leaves_no_table(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("pyarrow")
    from edge_cifar.edge.results import parquet_file as module

    monkeypatch.setattr(module, "GROUP", 2)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, before[1]))
    try:
        with (
            pytest.raises(EdgeCifarError, match=r"cannot write .*out.parquet: File too large; nothing of it is left"),
            ended(open_output(tmp_path / "out.parquet", resume=False, as_json=False, origin=ORIGIN)) as output,
        ):
            output.write(RESULTS)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, ignored)
    assert not list(tmp_path.iterdir())
    assert capsys.readouterr() == ("", "")


def test_of_two_tables_the_first_keeps_the_name(tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    out = tmp_path / "out.parquet"
    slow, fast = (open_output(out, resume=False, as_json=False, origin=ORIGIN) for _ in range(2))
    fast.write(RESULTS)
    fast.close()
    slow.write(RESULTS[:1])
    with pytest.raises(EdgeCifarError, match=r"made it by now; the results are in .*out\.parquet\.partial"):
        slow.close()
    assert parquet.read_metadata(out).num_rows == 3
    assert parquet.read_metadata(tmp_path / "out.parquet.partial").num_rows == 1


def test_parquet_cannot_be_continued(tmp_path: Path) -> None:
    pytest.importorskip("pyarrow")
    with pytest.raises(EdgeCifarError, match=r"a Parquet file can't be continued; name another file, or write \.jsonl"):
        open_output(tmp_path / "out.parquet", resume=True, as_json=False)
