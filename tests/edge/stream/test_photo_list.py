import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from edge_cifar.edge.errors import DataError
from edge_cifar.edge.stream import photo_list as module
from edge_cifar.edge.stream.photo_list import read_list


def names(path: str) -> list[str]:
    return [name for name in read_list(path) if name is not None]


@pytest.fixture
def pipe() -> Iterator[tuple[int, str]]:
    """A pipe: its end to write to, and the other by its name."""
    reading, writing = os.pipe()
    yield writing, f"/dev/fd/{reading}"
    os.close(reading)


@pytest.mark.parametrize(
    ("data", "paths"),
    [
        (b"a.png\nb c.png\n", ["a.png", "b c.png"]),
        (b"a.png\n\nlast.png", ["a.png", "last.png"]),
        (b"two\nlines.png\0b.png\0", ["two\nlines.png", "b.png"]),
        (b"caf\xe9.png\n", [os.fsdecode(b"caf\xe9.png")]),
        (b"", []),
    ],
)
def test_lists_are_read_by_line_or_by_nul(tmp_path: Path, data: bytes, paths: list[str]) -> None:
    (tmp_path / "list").write_bytes(data)
    assert names(str(tmp_path / "list")) == paths


def test_lists_are_read_piece_by_piece(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "READ", 3)
    (tmp_path / "list").write_bytes(b"a.png\nbcdef.png\nlast.png")
    assert names(str(tmp_path / "list")) == ["a.png", "bcdef.png", "last.png"]


def test_a_list_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="missing: No such file or directory; expected a list"):
        names(str(tmp_path / "missing"))


@pytest.mark.parametrize(
    ("data", "paths"),
    [
        (b"a.png\r\nb.png\r\n", ["a.png", "b.png"]),
        (b"a.png\r\nlast.png\r", ["a.png", "last.png"]),
        (b"a\r\0b.png\0", ["a\r", "b.png"]),
        (b"\xef\xbb\xbfa.png\nb.png\n", ["a.png", "b.png"]),
        ("\ufeffa.png\r\n\u00e9.png\r\n".encode("utf-16-le"), ["a.png", "\u00e9.png"]),
        ("\ufeffa.png\n\u732b.png".encode("utf-16-be"), ["a.png", "\u732b.png"]),
        (b"\xef", [os.fsdecode(b"\xef")]),
        (b"\xff\xfe", []),
    ],
)
@pytest.mark.parametrize("size", [1, 2, 3, 1 << 16])
def test_lists_of_other_systems_are_read_whatever_the_pieces(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, data: bytes, paths: list[str], size: int
) -> None:
    monkeypatch.setattr(module, "READ", size)
    (tmp_path / "list").write_bytes(data)
    assert names(str(tmp_path / "list")) == paths


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"\xff\xfea", "broken UTF-16"),
        (b"a.png\nb.png\n" + b"c" * 70_000 + b"\0", "either"),
        (b"a" * 2_000_000, "a line without an end"),
    ],
)
def test_what_can_be_no_list_is_named(tmp_path: Path, data: bytes, why: str) -> None:
    (tmp_path / "list").write_bytes(data)
    with pytest.raises(DataError, match=rf"list: .*{why}"):
        names(str(tmp_path / "list"))


def test_a_name_that_comes_in_two_pieces_is_one_whatever_ends_it(pipe: tuple[int, str]) -> None:
    writing, path = pipe
    found = read_list(path)
    os.write(writing, b"a.j")
    assert next(found) is None
    os.write(writing, b"pg\0b.png\0")
    assert next(found) == "a.jpg"
    assert next(found) == "b.png"
    os.close(writing)
    assert names_left(found) == []


def test_each_name_is_given_before_the_next_is_waited_for(pipe: tuple[int, str]) -> None:
    writing, path = pipe
    found = read_list(path)
    for i in range(3):
        os.write(writing, f"{i}.png\n".encode())
        assert next(found) == f"{i}.png"
        assert next(found) is None
    os.close(writing)
    assert names_left(found) == []


def names_left(found: Iterator[str | None]) -> list[str]:
    return [name for name in found if name is not None]
