import json
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from edge_cifar.edge.bulk.bulk_run import Asked, BulkRun, PartDone, resume_run
from edge_cifar.edge.bulk.store import OutputFolder
from edge_cifar.edge.errors import DataError, EdgeCifarError

Begin = Callable[..., BulkRun]
MakeBucket = Callable[[str], str]
DONE = PartDone(1, 3, 500, {"dog": 90, "cat": 7})


@pytest.fixture(params=["folder", "s3", "gs"])
def out(request: pytest.FixtureRequest, make_bucket: MakeBucket, tmp_path: Path) -> str:
    """Where a run writes to: a folder or a store."""
    return str(tmp_path / "labels") if request.param == "folder" else f"{make_bucket(request.param)}/labels"


def test_a_run_is_gone_on_with_where_it_stands(begin: Begin, asked: Asked, out: str) -> None:
    run = begin(out)
    assert (run.photos, run.part, list(run.parts), run.finished()) == (121, 100, [0, 1], set())
    assert run.photos_of([0, 1]) == 121
    run.write(DONE, b"content")
    again = resume_run(OutputFolder(out), asked)
    assert again is not None
    assert again.finished() == {1}
    assert list(again.done()) == [DONE]
    assert again.folder.read("part-000001.parquet") == b"content"
    assert [len(again.listed(part)) for part in again.parts] == [100, 21]
    assert {name.partition("-")[0] for name in again.folder.names()} == {"_run.json", "_done", "_lists", "part"}


def test_another_model_or_other_options_are_refused(begin: Begin, asked: Asked, out: str) -> None:
    begin(out)
    for other, words in (
        (replace(asked, origin=replace(asked.origin, model_sha256="0" * 16)), "made with model model.onnx"),
        (replace(asked, origin=replace(asked.origin, threshold=0.9)), "made with threshold 0.0, now it is 0.9"),
        (replace(asked, limit=5), "made with limit none, now it is 5"),
        (replace(asked, photos=("a", "b")), "made with photos .*, now it is a b"),
        (replace(asked, form=".jsonl"), "made with form .parquet, now it is .jsonl"),
    ):
        with pytest.raises(EdgeCifarError, match=f"labels: {words}"):
            resume_run(OutputFolder(out), other)


def test_a_folder_with_another_run_or_other_files_is_left_alone(begin: Begin, out: str) -> None:
    OutputFolder(out).write("notes/mine.txt", b"mine")
    with pytest.raises(EdgeCifarError, match="holds other files"):
        begin(out)
    OutputFolder(out).remove("notes")
    begin(out)
    with pytest.raises(EdgeCifarError, match="exists already; --resume goes on with it"):
        begin(out)


def test_a_run_killed_while_it_listed_leaves_nothing(begin: Begin, asked: Asked, out: str) -> None:
    folder = OutputFolder(out)
    folder.write("_lists-00000000/000000.parquet", b"half")
    assert resume_run(folder, asked) is None
    run = begin(out)
    assert [name for name in folder.names() if name.startswith("_lists-0000")] == []
    assert len(run.listed(0)) == 100


def test_of_two_that_begin_at_once_one_is_refused(begin: Begin, out: str, monkeypatch: pytest.MonkeyPatch) -> None:
    begin(out)
    monkeypatch.setattr(OutputFolder, "names", lambda *_: [])  # as it was when the other looked
    with pytest.raises(EdgeCifarError, match="another process has begun a run in it"):
        begin(out)


def test_what_is_no_run_of_this_version_is_said_to_be_none(asked: Asked, out: str) -> None:
    folder = OutputFolder(out)
    for content in (b"{}", b"[]", b'{"asked": {', json.dumps({"asked": {"photos": 3}}).encode()):
        folder.write("_run.json", content)
        with pytest.raises(EdgeCifarError, match=r"_run\.json: not of this version"):
            resume_run(folder, asked)


@pytest.mark.parametrize("content", [b"", b"[1]", b'{"part": 1}', b'{"part": 1, "photos": 100}'])
def test_a_part_of_which_nothing_can_be_told_is_named(begin: Begin, tmp_path: Path, content: bytes) -> None:
    run = begin(str(tmp_path / "labels"))
    run.write(DONE, b"content")
    run.folder.write("_done/000001.json", content)
    with pytest.raises(DataError, match=r"labels/_done/000001\.json: damaged; remove it, and --resume does its part"):
        list(run.done())


def test_a_damaged_list_is_named(begin: Begin, tmp_path: Path) -> None:
    run = begin(str(tmp_path / "labels"))
    name = f"{run.lists}/000000.parquet"
    content = run.folder.read(name)
    for damaged in (b"", content[:100], b"PAR1" * 9, content[: len(content) // 2] + b"PAR1"):
        run.folder.write(name, damaged)
        with pytest.raises(DataError, match=f"labels/{name}: a damaged list of photos; begin anew"):
            run.listed(0)


@pytest.mark.parametrize("url", ["http://host/labels", "HTTPS://host/labels"])
def test_nothing_is_sent_to_a_web_server(url: str) -> None:
    with pytest.raises(EdgeCifarError, match=f"^{url}: nothing can be kept there; name a folder, or a store"):
        OutputFolder(url)


@pytest.mark.skipif(os.geteuid() == 0 and not os.path.exists("/proc"), reason="needs /proc")  # noqa: PTH110
def test_a_folder_that_cannot_be_written_is_named(begin: Begin) -> None:
    with pytest.raises(EdgeCifarError, match="/proc/labels"):
        begin("/proc/labels")
