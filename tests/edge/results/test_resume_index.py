import hashlib
from array import array
from collections.abc import Sequence
from pathlib import Path

import pytest
from edge_cifar.edge.errors import EdgeCifarError, PhotoError
from edge_cifar.edge.inference.prediction import Result
from edge_cifar.edge.results.resume_index import HUGE, LONGEST, Done, Found, name_hash, read_hashes, records
from edge_cifar.edge.results.rows import JSON_START, LINE_FORMATS, LineFormat, Origin

NAMES = ["a.png", "two\nlines, and a comma.png", 'quoted "b".png', "caf\udce9.png", "猫.png", "a\\n.png", "a\n.png"]
ORIGIN = Origin("small.onnx", "0123456789abcdef", 0.5, tta=False, top=2)


def write(path: Path, form: LineFormat, names: Sequence[str] = NAMES) -> bytes:
    lines = [form.line(Result(name, error=PhotoError("damaged"))) for name in names]
    data = "".join(f"{line}\n" for line in [*filter(None, [form.header]), *lines]).encode()
    path.write_bytes(data)
    return data


def read(path: Path, form: LineFormat) -> Found:
    return read_hashes(path, form.name_in, form.start, form.header, form.is_whole)


@pytest.fixture(params=LINE_FORMATS)
def form(request: pytest.FixtureRequest) -> LineFormat:
    return LINE_FORMATS[request.param](ORIGIN)


def test_what_was_written_is_done_and_nothing_else(tmp_path: Path, form: LineFormat) -> None:
    write(tmp_path / "results", form)
    done = Done(read(tmp_path / "results", form).hashes)
    assert len(done) == len(NAMES)
    assert all(form.name(name) in done for name in NAMES)
    assert "b.png" not in done


def test_a_file_cut_anywhere_lacks_its_torn_line_and_nothing_else(tmp_path: Path, form: LineFormat) -> None:
    names = NAMES[1:5]
    data = write(tmp_path / "results", form, names)
    ends = {0}
    for line in filter(None, [form.header, *(form.line(Result(name, error=PhotoError("damaged"))) for name in names)]):
        ends.add(max(ends) + len(line.encode()) + 1)
    for size in range(len(data)):
        (tmp_path / "results").write_bytes(data[:size])
        found = read(tmp_path / "results", form)
        assert (tmp_path / "results").read_bytes() == data[:size]
        whole = max(end for end in ends if end <= size)
        complete = size + 1 in ends and (whole > 0 or not form.header)  # all but the line break
        assert (found.size, found.whole) == (size, size if complete else whole)
        assert found.is_ended is not complete
        assert len(found.hashes) == max(0, sorted(ends).index(whole) - bool(form.header)) + complete


OTHERS = {
    "a line": b"hello\n",
    "a word": b"hello",
    "a picture": b"\x89PNG\r\n",
    "an object": b'{"other": 1}\n',
    "a list": b"[1]\n",
    "zeros": b"\0" * 9,
    "a line break": b"\n",
}


@pytest.mark.parametrize("data", OTHERS.values(), ids=OTHERS)
def test_another_file_is_refused_and_left_alone(tmp_path: Path, form: LineFormat, data: bytes) -> None:
    (tmp_path / "results").write_bytes(data)
    with pytest.raises(EdgeCifarError, match=r"results: line 1 is no result of this command"):
        read(tmp_path / "results", form)
    assert (tmp_path / "results").read_bytes() == data


def test_a_header_with_more_columns_is_another_file(tmp_path: Path) -> None:
    form = LINE_FORMATS[".csv"](ORIGIN)
    (tmp_path / "results").write_text(f"{form.header},more\n")
    with pytest.raises(EdgeCifarError, match=r"results: line 1 is no result of this command"):
        read(tmp_path / "results", form)


@pytest.mark.parametrize("torn", [b'{"path": "torn', b'"torn', b"torn"], ids=["json", "quoted", "plain"])
def test_a_line_damaged_in_the_middle_is_named(tmp_path: Path, torn: bytes) -> None:
    form = LINE_FORMATS[".jsonl" if torn[:1] == b"{" else ".csv"](ORIGIN)
    data = write(tmp_path / "results", form)
    (tmp_path / "results").write_bytes(data + torn + b"\n" + data)
    count = data.count(b"\n")
    with pytest.raises(EdgeCifarError, match=rf"line {count + 1} is no result of this command"):
        read(tmp_path / "results", form)


def test_a_file_without_an_end_of_its_quotes_is_refused_soon(tmp_path: Path) -> None:
    form = LINE_FORMATS[".csv"](ORIGIN)
    (tmp_path / "results").write_text(form.header + '\n"' + "x\n" * 300_000)
    with pytest.raises(EdgeCifarError, match="line 2 is no result of this command"):
        read(tmp_path / "results", form)


def test_no_file_is_nothing_done(tmp_path: Path, form: LineFormat) -> None:
    assert len(read(tmp_path / "missing", form).hashes) == 0


def test_many_names_are_told_apart() -> None:
    done = Done(array("Q", (name_hash(f"{i}.jpg") for i in range(0, 20_000, 2))))
    assert [i for i in range(20_000) if f"{i}.jpg" in done] == list(range(0, 20_000, 2))


@pytest.mark.parametrize("length", [HUGE, LONGEST, LONGEST + 1])
def test_a_record_is_as_long_as_records_may_be(tmp_path: Path, length: int) -> None:
    torn = JSON_START.encode().ljust(length, b"x")
    (tmp_path / "results").write_bytes(torn)
    form = LINE_FORMATS[".jsonl"](ORIGIN)
    if length == LONGEST:
        assert read(tmp_path / "results", form) == Found(array("Q"), 0, length, is_ended=True)
    else:
        with pytest.raises(EdgeCifarError, match=r"results: line 1 is no result of this command; name another file$"):
            read(tmp_path / "results", form)


def test_records_end_where_they_are_whole_or_too_long(tmp_path: Path) -> None:
    (tmp_path / "out").write_bytes(b"a\nb\nc")
    assert list(records(tmp_path / "out", lambda record: record.endswith(b"b\n"))) == [b"a\nb\n", b"c"]
    (tmp_path / "out").write_bytes(b"x" * (LONGEST - 1) + b"\n" + b"y\nz\n")
    parts = list(records(tmp_path / "out", lambda _: False))
    assert [len(part) for part in parts] == [LONGEST + 2, 2]


def test_what_has_no_end_is_no_record_and_not_read_into_memory(tmp_path: Path) -> None:
    with (tmp_path / "out").open("wb") as file:
        file.truncate(4 * HUGE)  # zeros, as a file may end in after a crash
    assert len(next(records(tmp_path / "out", lambda _: True))) == HUGE
    for form in (LINE_FORMATS[".jsonl"](ORIGIN), LINE_FORMATS[".csv"](ORIGIN)):
        with pytest.raises(EdgeCifarError, match="out: line 1 is no result"):
            read(tmp_path / "out", form)


def test_a_hash_of_a_name_is_pinned_or_no_file_could_be_gone_on_with() -> None:
    assert name_hash("a.png") == int.from_bytes(hashlib.blake2b(b"a.png", digest_size=8).digest(), "little")
    assert name_hash("\udce9") != name_hash("?")


def test_hashes_need_not_be_sorted() -> None:
    done = Done(array("Q", (5, 2**64 - 1, 3)))
    assert list(done._hashes) == [3, 5, 2**64 - 1]
    assert "a" not in Done(array("Q"))
    assert "a" not in Done(array("Q", [0]))
    assert "a" in Done(array("Q", [name_hash("a")]))


def test_lines_are_counted_through_names_of_several(tmp_path: Path) -> None:
    form = LINE_FORMATS[".csv"](ORIGIN)
    data = write(tmp_path / "results", form)
    (tmp_path / "results").write_bytes(data + b"no result\n")
    with pytest.raises(EdgeCifarError, match=f"results: line {data.count(bytes([10])) + 1} is no result"):
        read(tmp_path / "results", form)


def test_without_a_rule_each_line_is_a_record(tmp_path: Path) -> None:
    form = LINE_FORMATS[".jsonl"](ORIGIN)
    data = write(tmp_path / "results", form)
    found = read_hashes(tmp_path / "results", form.name_in, form.start)
    assert found == Found(array("Q", map(name_hash, map(form.name, NAMES))), len(data), len(data), is_ended=True)
