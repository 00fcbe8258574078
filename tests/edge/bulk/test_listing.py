from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import pytest
from edge_cifar.edge.bulk.bulk_run import BulkRun
from edge_cifar.edge.bulk.listing import LIST, Listed, chosen, list_photos, read_listed, write_lists
from edge_cifar.edge.bulk.store import OutputFolder, open_store
from edge_cifar.edge.errors import DataError
from edge_cifar.edge.photos.left_out import LeftOut
from edge_cifar.edge.stream.find_photos import find_photos

Begin = Callable[..., BulkRun]
MANY = [Listed(f"{i:05}.png") for i in range(LIST + 7)]


def test_a_folder_is_listed_as_the_local_stream_finds_it(photos: Path) -> None:
    (photos / "raw.heic").touch()
    (photos / "@eaDir").mkdir()
    (photos / "@eaDir" / "thumb.jpg").touch()
    left_out = LeftOut()
    listed = list(list_photos([str(photos), "none.png"], recursive=True, left_out=left_out))
    assert listed == [Listed(each.path) for each in find_photos([str(photos), "none.png"], recursive=True) if each]
    assert len(listed) == 122
    assert str(left_out) == "1 HEIC"


@pytest.mark.parametrize("archive", ["s3", "gs", "http"], indirect=True)
def test_a_store_is_listed_like_a_folder(photos: Path, archive: str) -> None:
    store, path = open_store(archive)
    (photos / "@eaDir").mkdir()
    over_http = archive.startswith("http")
    for name in (".hidden.png", "@eaDir/thumb.jpg", "notes.txt", "raw.heic", "a b.png"):
        (photos / name).write_bytes(b"x")
        if not over_http:
            store.pipe_file(f"{path.rstrip('/')}/{name}", b"x")
    left_out = LeftOut()
    listed = list(list_photos([archive], recursive=True, left_out=left_out))
    names = [each.path.removeprefix(f"{photos}/") for each in find_photos([str(photos)], recursive=True) if each]
    assert [each.path for each in listed] == [f"{archive}{quote(name) if over_http else name}" for name in names]
    sizes = [None if over_http else (photos / name).stat().st_size for name in names]
    assert [each.size for each in listed] == sizes
    assert str(left_out) == "1 HEIC"
    flat = list(list_photos([archive], glob="00?.png"))
    assert [each.path for each in flat] == [f"{archive}00{i}.png" for i in range(1, 10, 2)]
    assert len(list(list_photos([archive], glob="a b*"))) == 1
    named = [f"{archive}001.png", f"{archive}none.png"]
    assert list(list_photos(named)) == [Listed(url) for url in named]  # which whoever reads them finds out
    assert list(list_photos([f"{archive}notes.txt"])) == [Listed(f"{archive}notes.txt", 1)]
    assert list(list_photos([archive.removesuffix("/")], glob="00?.png")) == flat


def test_a_bucket_that_is_empty_or_not_there_is_said_to_be(bucket: str) -> None:
    for url, words in (
        (f"{bucket}/", "no photos in it itself"),
        (f"{bucket}/none/", "not found"),
        ("s3://nobody-has-this/", "not found"),
        ("nosuch://place/", "Protocol not known"),
        ("http://127.0.0.1:1/", "Connect call failed"),
    ):
        with pytest.raises(DataError, match=words) as caught:
            list(list_photos([url]))
        assert str(caught.value).startswith(url)


def test_lists_hold_all_names_and_nothing_is_written_without_a_photo(tmp_path: Path) -> None:
    folder = OutputFolder(str(tmp_path / "out"))
    odd = [Listed("caf\udce9.png"), Listed("a\nb.png", 3), Listed("locked", None, "locked: no rights")]
    assert write_lists(folder, "lists", iter(odd + MANY)) == len(MANY) + 3
    assert folder.names("lists") == ["000000.parquet", "000001.parquet"]
    assert read_listed(folder, "lists", 0, 3) == odd
    assert read_listed(folder, "lists", LIST, LIST + 10) == MANY[-10:]
    with pytest.raises(DataError, match="locked: no rights"):
        write_lists(OutputFolder(str(tmp_path / "none")), "lists", iter(odd[2:]))
    assert not (tmp_path / "none").exists()


def test_a_sample_is_the_same_each_time_and_in_order() -> None:
    first, seen = chosen(MANY, None, 1_000)
    drawn = list(first)
    assert drawn == list(chosen(MANY, None, 1_000)[0])
    assert drawn == sorted(drawn)
    assert len(set(drawn)) == 1_000
    assert seen() == len(MANY)
    halves = sum(each in MANY[: len(MANY) // 2] for each in drawn)
    assert 437 <= halves <= 563  # 4 standard deviations
    few, seen = chosen(MANY, 5, 1_000)
    assert list(few) == MANY[:5]
    assert seen() == 5
