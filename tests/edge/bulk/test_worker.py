import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pyarrow.parquet as pq
import pytest
from edge_cifar import Classifier
from edge_cifar.edge.bulk.bulk_run import BulkRun
from edge_cifar.edge.bulk.listing import Listed
from edge_cifar.edge.bulk.part_file import JSON_LINES
from edge_cifar.edge.bulk.store import open_store
from edge_cifar.edge.bulk.worker import Job, PartWorker
from edge_cifar.edge.errors import DataError
from edge_cifar.edge.results.rows import origin_of, row
from edge_cifar.edge.stream.classify_stream import classify_many
from edge_cifar.edge.stream.find_photos import find_photos

Begin = Callable[..., BulkRun]


def local_rows(classifier: Classifier, folder: Path) -> dict[str, dict[str, Any]]:
    """What `edge-cifar predict FOLDER --recursive --out` writes, by name in the folder."""
    origin = origin_of(classifier, 2)
    found = classify_many(classifier, find_photos([str(folder)], recursive=True), 2, jobs=2)
    rows = [row(result, origin) for results in found for result in results]
    return {each["path"].removeprefix(f"{folder}/"): each for each in rows}


def bulk_rows(out: Path) -> list[dict[str, Any]]:
    rows = [each for part in sorted(out.glob("part-*.parquet")) for each in pq.read_table(part).to_pylist()]
    return [{name: value for name, value in each.items() if value is not None} for each in rows]


def work(run: BulkRun, classifier: Classifier, parts: list[int] | None = None) -> None:
    worker = PartWorker(Job(classifier.model.path.read_bytes(), None, run, "/"))
    for part in run.parts if parts is None else parts:
        worker(part)


def test_the_rows_are_those_of_the_local_stream_to_the_bit(
    begin: Begin, cat_or_dog: Classifier, photos: Path, tmp_path: Path
) -> None:
    run = begin()
    work(run, cat_or_dog)
    expected = local_rows(cat_or_dog, photos)
    rows = bulk_rows(tmp_path / "out")
    sizes = {each["path"]: each.pop("bytes") for each in rows}
    assert {each["path"].removeprefix(f"{photos}/"): each for each in rows} == expected
    assert len(rows) == 121
    assert sizes == {str(path): path.stat().st_size for path in photos.rglob("*") if path.is_file()}
    done = list(run.done())
    assert [each.part for each in done] == [0, 1]
    assert sum(each.photos for each in done) == 121
    assert sum(each.errors for each in done) == 3
    assert sum(each.bytes for each in done) == sum(sizes.values())


@pytest.mark.parametrize("archive", ["s3", "gs", "http"], indirect=True)
def test_photos_of_a_store_give_what_files_give(
    begin: Begin, cat_or_dog: Classifier, photos: Path, archive: str, tmp_path: Path
) -> None:
    out = str(tmp_path / "out") if archive.startswith("http") else f"{archive.removesuffix('photos/')}labels"
    run = begin(out, photos=(archive,), form=JSON_LINES)
    work(run, cat_or_dog)
    parts = [run.folder.read(name) for name in run.folder.names() if name.startswith("part-")]
    rows = [json.loads(line) for content in parts for line in content.splitlines()]
    expected = local_rows(cat_or_dog, photos)
    assert len(rows) == 121
    for each in rows:
        name = each.pop("path").removeprefix(archive)
        assert each.pop("bytes") == (photos / name).stat().st_size
        local = {**expected.pop(name)}
        assert local.pop("path") == str(photos / name)
        words, same = each.pop("error", None), local.pop("error", None)
        assert (words is None) == (same is None)
        assert each == local


def test_a_part_done_again_is_the_same_file(begin: Begin, cat_or_dog: Classifier, tmp_path: Path) -> None:
    run = begin()
    contents = []
    for _ in range(2):
        work(run, cat_or_dog, [1])
        contents.append((tmp_path / "out/part-000001.parquet").read_bytes())
    assert contents[0] == contents[1]
    assert run.finished() == {1}


def test_an_object_that_went_away_is_a_row_and_a_store_that_did_stops_the_run(
    begin: Begin, cat_or_dog: Classifier, archive: str
) -> None:
    out = f"{archive.removesuffix('photos/')}labels"
    run = begin(out, photos=(archive,))
    store, path = open_store(archive)
    store.rm_file(f"{path}/000.bmp")
    work(run, cat_or_dog, [0])
    (done,) = run.done()
    assert done.errors == 1
    store.rm(path, recursive=True)
    with pytest.raises(DataError, match=r"not one of 21 photos could be read; the first: .*not found"):
        work(run, cat_or_dog, [1])
    assert run.finished() == {0}


class _Endless(BaseHTTPRequestHandler):
    """Answers photos as servers do that make them on the fly: without a size, and some without an end."""

    protocol_version = "HTTP/1.1"
    photo = b""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        with suppress(OSError):
            for _ in range(1 if "short" in self.path else 1000):
                self.wfile.write(b"%x\r\n%s\r\n" % (len(self.photo), self.photo))
            self.wfile.write(b"0\r\n\r\n")

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def test_of_a_file_without_a_size_no_more_is_read_than_the_limit(
    begin: Begin, cat_or_dog: Classifier, photos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("aiohttp", reason="aiohttp is not installed")
    monkeypatch.setattr("edge_cifar.edge.bulk.worker.MAX_FILE_BYTES", 100_000)
    monkeypatch.setattr("edge_cifar.edge.bulk.worker.PIECE", 1_000)
    monkeypatch.setattr(_Endless, "photo", (photos / "001.png").read_bytes() + bytes(3_000))
    worker = PartWorker(Job(cat_or_dog.model.path.read_bytes(), None, begin(), "/"))
    with ThreadingHTTPServer(("127.0.0.1", 0), _Endless) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            url = f"http://127.0.0.1:{server.server_port}"
            (short, size), (long, _) = worker._classified([Listed(f"{url}/short.png"), Listed(f"{url}/long.png")])
        finally:
            server.shutdown()
            thread.join()
    assert (short.ok, size) == (True, len(_Endless.photo))
    fetched = int(str(long.error).split(" bytes, more than the limit of 100000")[0].rpartition(" ")[2])
    assert 100_000 < fetched <= 101_000


def test_a_file_beyond_the_limit_is_not_fetched(begin: Begin, cat_or_dog: Classifier, archive: str) -> None:
    run = begin(f"{archive.removesuffix('photos/')}labels", photos=(archive,))
    listed = [run.listed(0)[0]._replace(size=300_000_000), run.listed(0)[1]._replace(size=None)]
    worker = PartWorker(Job(cat_or_dog.model.path.read_bytes(), None, replace(run), "/"))
    (first, size), (second, _) = worker._classified(listed)
    assert "300000000 bytes, more than the limit" in str(first.error)
    assert size is None
    assert second.ok
