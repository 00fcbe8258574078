"""What `test_output.py`, which has the files that users see, leaves: failures while a file is rewritten."""

from array import array
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from threading import Timer

import pytest
from edge_cifar.edge.errors import EdgeCifarError, PhotoError
from edge_cifar.edge.inference.prediction import Prediction, Ranked, Result
from edge_cifar.edge.results.line_file import LineFile, LockedFile, append_lines
from edge_cifar.edge.results.resume_index import Found
from edge_cifar.edge.results.rows import Origin

CAT = Prediction("cat", 0.75, (Ranked("cat", 0.75), Ranked("dog", 0.25)), "cat")
ORIGIN = Origin("small.onnx", "0123456789abcdef", 0.5, tta=False, top=2)


def no_records() -> Iterator[bytes]:
    yield b"first\n"
    raise ValueError("stopped")


def test_a_rewrite_that_fails_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    append_lines(tmp_path / "out", ["first", "second"])
    with closing(LockedFile(tmp_path / "out")) as file:
        with pytest.raises(ValueError, match="stopped"):
            file.rewrite(no_records())
        assert [path.name for path in tmp_path.iterdir()] == ["out"]
        file.append(["third"])
    assert (tmp_path / "out").read_text() == "first\nsecond\nthird\n"


def test_a_rewrite_keeps_rights_and_lock_and_what_a_link_points_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("edge_cifar.edge.results.line_file.PATIENCE", 0.0)
    (tmp_path / "link").symlink_to("out")
    append_lines(tmp_path / "out", ["first"])
    (tmp_path / "out").chmod(0o640)
    with closing(LockedFile(tmp_path / "link")) as file:
        file.rewrite([b"second\n", b"third\n"])
        with pytest.raises(
            EdgeCifarError, match="out: another process writes to it; wait for its end, or name another"
        ):
            append_lines(tmp_path / "out", ["other"])
        file.append(["fourth"])
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "out").read_text() == "second\nthird\nfourth\n"
    assert (tmp_path / "out").stat().st_mode & 0o777 == 0o640


def test_a_disk_that_fails_after_the_rewrite_is_told_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: Path) -> None:
        raise OSError("no reason given")

    append_lines(tmp_path / "out", ["first"])
    monkeypatch.setattr("edge_cifar.edge.results.line_file.flush_folder", fail)
    with (
        closing(LockedFile(tmp_path / "out")) as file,
        pytest.raises(EdgeCifarError, match=r"^cannot write .*out: no reason given$"),
    ):
        file.rewrite([b"second\n"])


def test_names_in_other_encodings_survive_when_errors_are_tried_again(tmp_path: Path) -> None:
    out = tmp_path / "out.csv"
    with closing(LineFile(out, ORIGIN)) as file:
        file.write([Result("a.png", CAT), Result("b.png", error=PhotoError("damaged"))])
    kept = out.read_bytes().replace(b"a.png", b"\xe9.png")
    out.write_bytes(kept)
    with closing(LineFile(out, ORIGIN, retry_errors=True)) as file:
        assert "b.png" not in file
    assert out.read_bytes() == kept[: kept.index(b"b.png")]


def test_what_is_new_must_not_be_there(tmp_path: Path) -> None:
    LineFile(tmp_path / "a.csv", is_new=True).close()
    with pytest.raises(EdgeCifarError, match=r"a\.csv: exists already; name another file$"):
        LineFile(tmp_path / "a.csv", is_new=True)
    append_lines(tmp_path / "out", ["first"])
    with pytest.raises(EdgeCifarError, match=r"out: exists already"):
        LockedFile(tmp_path / "out", is_new=True)


def test_a_file_that_was_moved_away_is_begun_anew(tmp_path: Path) -> None:
    with closing(LockedFile(tmp_path / "out")) as file:
        file.append(["first"])
        (tmp_path / "out").rename(tmp_path / "moved")
        file.append(["second"])
        assert file.is_locked
    assert (tmp_path / "moved").read_text() == "first\n"
    assert (tmp_path / "out").read_text() == "second\n"


@pytest.mark.parametrize(
    ("whole", "is_ended", "after"), [(6, True, "first\nsec"), (9, False, "first\nsec\n"), (9, True, "first\nsec")]
)
def test_a_torn_end_is_cut_off_or_mended(tmp_path: Path, whole: int, is_ended: bool, after: str) -> None:
    (tmp_path / "out").write_text("first\nsec")
    with closing(LockedFile(tmp_path / "out")) as file:
        file.repair(Found(array("Q"), whole, 9, is_ended))
    assert (tmp_path / "out").read_text() == (after if whole == 9 else "first\n")


def test_a_file_in_no_folder_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(EdgeCifarError, match=r"^cannot write .*out: No such file or directory$"):
        append_lines(tmp_path / "none" / "out", ["first"])


def test_the_header_of_other_columns_says_what_differs(tmp_path: Path) -> None:
    LineFile(tmp_path / "a.csv", ORIGIN).close()
    with closing(LineFile(tmp_path / "a.csv", ORIGIN)) as file:
        file.write([])
    with pytest.raises(
        EdgeCifarError, match=r"a\.csv: made with top 2, now it is 1; go on with the same, or name anot"
    ):
        LineFile(tmp_path / "a.csv", Origin("small.onnx", "0123456789abcdef", 0.5, tta=False, top=1))


def test_a_file_is_new_or_gone_on_with_and_keeps_its_errors(tmp_path: Path) -> None:
    for path in ("a.png", "b.png"):
        with closing(LineFile(tmp_path / "a.csv", ORIGIN)) as file:
            assert file.is_locked
            file.write([Result(path, error=PhotoError("damaged"))])
            file.write([Result(f"{path}.2", CAT)])
    with closing(LineFile(tmp_path / "a.csv", ORIGIN)) as file:
        assert all(path in file for path in ("a.png", "b.png", "a.png.2", "b.png.2"))


def test_a_file_of_another_model_is_named_with_both(tmp_path: Path) -> None:
    with closing(LineFile(tmp_path / "a.csv", ORIGIN)) as file:
        file.write([Result("a.png", CAT)])
    words = (
        "made with model small.onnx 0123456789abcdef, now it is other.onnx ffff; go on with the same, or name another"
    )
    with pytest.raises(EdgeCifarError, match=words):
        LineFile(tmp_path / "a.csv", Origin("other.onnx", "ffff", 0.5, tta=False, top=2))


def test_what_is_no_text_in_utf8_is_escaped(tmp_path: Path) -> None:
    append_lines(tmp_path / "out", ["a\udce9"])
    assert (tmp_path / "out").read_bytes() == b"a\\udce9\n"


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(b"\xff\xfe\n")
    with pytest.raises(EdgeCifarError, match=r"a\.csv: line 1 is no result of this command; name another file$"):
        LineFile(tmp_path / "a.csv", ORIGIN)


def test_another_process_is_waited_for(tmp_path: Path) -> None:
    holder = LockedFile(tmp_path / "out")
    Timer(0.1, holder.close).start()
    append_lines(tmp_path / "out", ["second"])  # which would be refused at once without patience
    assert (tmp_path / "out").read_text() == "second\n"


def test_all_lines_go_to_the_file_that_is_open(tmp_path: Path) -> None:
    with closing(LockedFile(tmp_path / "out")) as file:
        opened = file._file
        file.append(["first"])
        assert file._file is opened


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no disk that is always full")
def test_what_can_be_neither_written_nor_cut_is_told_of() -> None:
    with pytest.raises(EdgeCifarError, match=r"^cannot write /dev/full: No space left on device$"):
        append_lines(Path("/dev/full"), ["first"])


def test_lines_are_in_the_file_before_it_is_closed(tmp_path: Path) -> None:
    append_lines(tmp_path / "out", ["first"])
    with closing(LockedFile(tmp_path / "out")) as file:
        file.append(["second"])
        assert (tmp_path / "out").read_text() == "first\nsecond\n"
        file.rewrite([b"second\n"])
        file.append(["third"])
        assert (tmp_path / "out").read_text() == "second\nthird\n"
