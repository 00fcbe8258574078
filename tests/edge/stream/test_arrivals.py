import os
import shutil
from pathlib import Path

import pytest
from edge_cifar.edge.results.resume_index import name_hash
from edge_cifar.edge.stream import arrivals as module
from edge_cifar.edge.stream.arrivals import Arrivals


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "camera").mkdir()
    (tmp_path / "camera" / "a.jpg").write_bytes(b"aa")
    return tmp_path / "camera"


def arrivals(folder: Path, *reported: int) -> Arrivals:
    return Arrivals(str(folder), False, None, reported)


def names(watched: Arrivals) -> list[str]:
    return [Path(arrival.path).name for arrival in watched.look()[0]]


def report_all(watched: Arrivals) -> None:
    for arrival in watched.look()[0]:
        watched.report(arrival)


def test_a_file_is_new_until_it_is_reported(folder: Path) -> None:
    watched = arrivals(folder)
    assert names(watched) == names(watched) == ["a.jpg"]
    report_all(watched)
    (folder / "b.jpg").touch()
    (folder / "c.jpg.part").touch()
    assert names(watched) == ["b.jpg"]


def test_it_rests_for_as_long_as_it_stays_the_same(folder: Path) -> None:
    watched = arrivals(folder)
    [first], [second] = watched.look()[0], watched.look()[0]
    assert first.seconds == 0 < second.seconds
    with (folder / "a.jpg").open("ab") as file:
        file.write(b"more")
    [changed] = watched.look()[0]
    assert changed.seconds == 0


def test_a_file_that_is_written_anew_is_new(folder: Path) -> None:
    watched = arrivals(folder)
    report_all(watched)
    os.utime(folder / "a.jpg", ns=(1, 1))
    assert names(watched) == ["a.jpg"]


def test_what_was_reported_by_an_earlier_run_is_not_new(folder: Path) -> None:
    [arrival] = arrivals(folder).look()[0]
    assert names(arrivals(folder, name_hash(arrival.name))) == []


def test_a_folder_that_goes_and_comes_back_is_not_new(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MEMORY", 0)
    watched = arrivals(folder)
    report_all(watched)
    folder.rename(folder.parent / "away")
    assert watched.look() == ([], [f"{folder}: No such file or directory"])
    (folder.parent / "away").rename(folder)
    assert watched.look() == ([], [])


def test_nor_is_one_that_is_empty_for_a_while(folder: Path) -> None:
    watched = arrivals(folder)
    report_all(watched)
    (folder / "a.jpg").rename(folder.parent / "a.jpg")  # as when its disk is taken away
    assert watched.look() == ([], [])
    (folder.parent / "a.jpg").rename(folder / "a.jpg")
    assert watched.look() == ([], [])


def test_links_to_nothing_are_left_alone(folder: Path) -> None:
    (folder / "broken.jpg").symlink_to("nowhere")
    assert names(arrivals(folder)) == ["a.jpg"]


def test_a_look_takes_in_so_many_and_the_next_the_others(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LOOK", 3)
    for i in range(7):
        (folder / f"{i}.jpg").touch()
    watched = arrivals(folder)
    seen = []
    while found := watched.look()[0]:
        assert len(found) <= 3
        seen += [Path(arrival.path).name for arrival in found]
        for arrival in found:
            watched.report(arrival)
    assert seen == [*(f"{i}.jpg" for i in range(7)), "a.jpg"]


def test_memory_holds_what_is_there_and_some_of_what_was(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MEMORY", 2)
    watched = arrivals(folder)
    report_all(watched)
    for i in range(50):
        (folder / f"{i}.jpg").touch()
        report_all(watched)
        shutil.move(folder / f"{i}.jpg", folder.parent)
    watched.look()
    assert len(watched._reported) == 3
    shutil.move(folder.parent / "49.jpg", folder)
    assert names(watched) == []
    shutil.move(folder.parent / "0.jpg", folder)
    assert names(watched) == ["0.jpg"]


def test_a_file_replaced_by_one_of_the_same_size_and_time_is_a_new_version(folder: Path) -> None:
    watched = arrivals(folder)
    report_all(watched)
    status = (folder / "a.jpg").stat()
    (folder / ".new").write_bytes(b"bb")
    os.utime(folder / ".new", ns=(status.st_atime_ns, status.st_mtime_ns))
    (folder / ".new").replace(folder / "a.jpg")
    [again] = watched.look()[0]
    assert (Path(again.path).name, again.version) == ("a.jpg", 2)
    watched.report(again)
    (folder / "a.jpg").chmod(0o600)  # the same content
    assert names(watched) == []


def test_what_we_write_ourselves_does_not_arrive_wherever_it_was_moved(folder: Path) -> None:
    (folder / "drawn").mkdir()
    (folder / "drawn" / "a.jpg").touch()
    (folder / "out.jsonl").touch()
    watched = Arrivals(str(folder), True, "*", (), own=[folder / "out.jsonl", folder / "drawn"])
    assert names(watched) == ["a.jpg"]
    (folder / "out.jsonl").rename(folder / "out.jsonl.1")
    assert names(watched) == ["a.jpg"]


def test_seconds_are_those_of_the_clock(folder: Path) -> None:
    ticks = iter([10.0, 12.5])
    watched = Arrivals(str(folder), False, None, (), clock=lambda: next(ticks))
    assert [watched.look()[0][0].seconds for _ in range(2)] == [0, 2.5]


def test_a_folder_that_becomes_a_link_to_itself_is_named(folder: Path, tmp_path: Path) -> None:
    watched = Arrivals(str(folder), False, None, (), own=[tmp_path])
    folder.rename(tmp_path / "away")
    folder.symlink_to(folder)
    found, [trouble] = watched.look()
    assert not found
    assert trouble.startswith(f"{folder}: ")
