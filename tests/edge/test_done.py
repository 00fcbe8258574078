from array import array
from pathlib import Path

import pytest
from edge_cifar.edge.done import Done, name_hash, read_hashes
from edge_cifar.edge.errors import EdgeCifarError, PhotoError
from edge_cifar.edge.results import LINE_FORMATS, LineFormat

NAMES = ["a.png", "two\nlines, and a comma.png", 'quoted "b".png', "caf\udce9.png", "猫.png"]


def write(path: Path, form: LineFormat) -> bytes:
    lines = [form.line(name, PhotoError("damaged")) for name in NAMES]
    data = "".join(f"{line}\n" for line in [*filter(None, [form.header]), *lines]).encode()
    path.write_bytes(data)
    return data


def read(path: Path, form: LineFormat) -> Done:
    return Done(read_hashes(path, form.name_in, form.start, form.header))


@pytest.fixture(params=LINE_FORMATS)
def form(request: pytest.FixtureRequest) -> LineFormat:
    found: LineFormat = LINE_FORMATS[request.param]
    return found


def test_what_was_written_is_done_and_nothing_else(tmp_path: Path, form: LineFormat) -> None:
    write(tmp_path / "results", form)
    done = read(tmp_path / "results", form)
    assert len(done) == len(NAMES)
    assert all(form.name(name) in done for name in NAMES)
    assert "b.png" not in done


def test_a_file_cut_anywhere_loses_its_torn_line_and_nothing_else(tmp_path: Path, form: LineFormat) -> None:
    data = write(tmp_path / "results", form)
    for size in range(len(data)):
        (tmp_path / "results").write_bytes(data[:size])
        done = read(tmp_path / "results", form)
        left = (tmp_path / "results").read_bytes()
        assert left == data[: data.rfind(b"\n", 0, size) + 1]
        assert len(done) == max(0, left.count(b"\n") - bool(form.header))


@pytest.mark.parametrize("data", [b"hello\n", b"hello", b"\x89PNG\r\n", b'{"other": 1}\n', b"[1]\n", b"\0" * 9, b"\n"])
def test_another_file_is_refused_and_left_alone(tmp_path: Path, form: LineFormat, data: bytes) -> None:
    (tmp_path / "results").write_bytes(data)
    with pytest.raises(EdgeCifarError, match=r"results: line 1 is no result of this command"):
        read(tmp_path / "results", form)
    assert (tmp_path / "results").read_bytes() == data


def test_a_line_damaged_in_the_middle_is_named(tmp_path: Path) -> None:
    form = LINE_FORMATS[".jsonl"]
    data = write(tmp_path / "results", form)
    (tmp_path / "results").write_bytes(data + b'{"path": "torn' + data)
    with pytest.raises(EdgeCifarError, match=f"line {len(NAMES) + 1} is no result of this command"):
        read(tmp_path / "results", form)


def test_no_file_is_nothing_done(tmp_path: Path, form: LineFormat) -> None:
    assert len(read(tmp_path / "missing", form)) == 0


def test_many_names_are_told_apart() -> None:
    done = Done(array("Q", (name_hash(f"{i}.jpg") for i in range(0, 20_000, 2))))
    assert [i for i in range(20_000) if f"{i}.jpg" in done] == list(range(0, 20_000, 2))
