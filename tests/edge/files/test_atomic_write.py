import io
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import BinaryIO

import pytest
from edge_cifar.edge.errors import EdgeCifarError
from edge_cifar.edge.files.atomic_write import (
    ForeignFileError,
    cache_folder,
    file_sha256,
    remove_own,
    write_bytes,
    write_file,
    write_json,
    write_text,
)
from PIL import Image

FULL_DISK = """
import resource, sys
from pathlib import Path
from edge_cifar.edge.errors import EdgeCifarError
from edge_cifar.edge.files.atomic_write import write_bytes
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))  # bytes a file
try:
    write_bytes(Path(sys.argv[1]), b"x" * 5000)
except EdgeCifarError as error:
    sys.exit(str(error))
"""


def names(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


def picture(kind: str) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (3, 2), "teal").save(buffer, kind)
    return buffer.getvalue()


OWN: dict[str, Callable[[Path], None]] = {
    "a.json": lambda path: write_json(path, {"n": 1}),
    "a.png": lambda path: write_bytes(path, picture("PNG")),
    "a.jpg": lambda path: write_bytes(path, picture("JPEG")),
    "a.md": lambda path: write_text(path, "# Report\n"),
    "a.toml": lambda path: write_text(path, "epochs = 3\n"),
    "a.html": lambda path: write_text(path, "<!doctype html><title>Report</title>\n"),
    "report": lambda path: write_text(path, "<!doctype html><title>Report</title>\n"),
    "a.svg": lambda path: write_text(path, "<svg/>"),
}
"""A way to write each kind of file, by a name."""


@pytest.mark.parametrize("name", OWN)
def test_folders_are_made_and_an_old_file_of_ours_is_replaced(tmp_path: Path, name: str) -> None:
    path = tmp_path / "a" / "b" / name
    OWN[name](path)
    written, first = path.read_bytes(), path.stat().st_ino
    OWN[name](path)
    assert path.read_bytes() == written
    assert path.stat().st_ino != first
    assert names(path.parent) == [name]


FOREIGN = {
    **dict.fromkeys(OWN, b"precious"),
    "empty.json": b"",
    "own key.json": b'{\n  "generator": "edge-cifar 00000000",\n  "n": 1\n}\n',
    "photo.png": picture("PNG"),
    "photo.jpg": picture("JPEG"),
    "quoted.md": b"<!-- Written by edge-cifar 00000000. -->\n",
    "page.html": b'<!doctype html><meta name="description" content="edge-cifar">\n',
}


@pytest.mark.parametrize("name", FOREIGN)
def test_somebody_elses_file_is_kept_and_named(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(FOREIGN[name])
    write = OWN.get(name) or OWN[f"a{path.suffix}"]
    with pytest.raises(ForeignFileError, match=rf"{name}: exists, not as edge-cifar wrote it, .* name another"):
        write(path)
    with pytest.raises(ForeignFileError):
        remove_own(path)
    assert path.read_bytes() == FOREIGN[name]
    assert names(tmp_path) == [name]


@pytest.mark.parametrize("name", OWN)
def test_a_file_of_ours_that_somebody_changed_is_theirs(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    OWN[name](path)
    data = path.read_bytes()
    for edited in (data + b"note\n", data[:-1] + bytes([data[-1] ^ 1]), data[: len(data) // 2], data * 2):
        path.write_bytes(edited)
        with pytest.raises(ForeignFileError):
            OWN[name](path)
        assert path.read_bytes() == edited


@pytest.mark.parametrize("spelling", ["./a.json", "down/../a.json", "again/a.json", "hard.json", "soft.json", "A.JSON"])
def test_no_other_name_leads_to_a_foreign_file(tmp_path: Path, spelling: str) -> None:
    path = tmp_path / "a.json"
    path.write_text("precious")
    (tmp_path / "down").mkdir()
    (tmp_path / "again").symlink_to(tmp_path)
    (tmp_path / "hard.json").hardlink_to(path)
    (tmp_path / "soft.json").symlink_to(path)
    if spelling == "A.JSON" and not (tmp_path / spelling).exists():
        pytest.skip("a file system that tells capitals apart")
    with pytest.raises(ForeignFileError):
        write_json(Path(f"{tmp_path}/{spelling}"), {})
    assert path.read_text() == "precious"


@pytest.mark.parametrize("target", ["own.json", "missing.json", "folder"])
def test_a_link_is_neither_followed_nor_replaced(tmp_path: Path, target: str) -> None:
    write_json(tmp_path / "own.json", {"n": 1})
    (tmp_path / "folder").mkdir()
    (tmp_path / "link.json").symlink_to(target)
    with pytest.raises(ForeignFileError):
        write_json(tmp_path / "link.json", {"n": 2})
    assert (tmp_path / "link.json").is_symlink()
    assert json.loads((tmp_path / "own.json").read_text())["n"] == 1
    assert not (tmp_path / "missing.json").exists()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no devices among its files")
def test_what_is_no_regular_file_stays(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.png")
    with pytest.raises(ForeignFileError):
        write_bytes(tmp_path / "pipe.png", picture("PNG"))
    assert (tmp_path / "pipe.png").is_fifo()


def test_a_hard_link_to_a_file_of_ours_keeps_what_it_had(tmp_path: Path) -> None:
    write_json(tmp_path / "a.json", {"n": 1})
    (tmp_path / "kept.json").hardlink_to(tmp_path / "a.json")
    write_json(tmp_path / "a.json", {"n": 2})
    assert json.loads((tmp_path / "kept.json").read_text())["n"] == 1


@pytest.mark.parametrize("name", ["a.json", "a.png"])
def test_a_file_that_comes_while_ours_is_written_is_kept(tmp_path: Path, name: str) -> None:
    def write(file: BinaryIO) -> None:
        (tmp_path / name).write_text("precious")
        file.write(b"ours")

    with pytest.raises(ForeignFileError):
        write_file(tmp_path / name, write)
    assert (tmp_path / name).read_text() == "precious"
    assert names(tmp_path) == [name]


def test_without_links_a_name_is_taken_all_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(1, "Operation not permitted")  # as file systems of memory cards do

    monkeypatch.setattr(os, "link", refuse)
    write_json(tmp_path / "a.json", {"n": 1})
    write_json(tmp_path / "a.json", {"n": 2})
    assert json.loads((tmp_path / "a.json").read_text())["n"] == 2
    (tmp_path / "b.json").write_text("precious")
    with pytest.raises(ForeignFileError):
        write_json(tmp_path / "b.json", {})
    assert sorted(names(tmp_path)) == ["a.json", "b.json"]


def test_what_a_caller_has_read_may_be_replaced(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("old")
    write_text(tmp_path / "README.md", "new", replace_any=True)
    assert (tmp_path / "README.md").read_text() == "new"


@pytest.mark.parametrize("length", [251, 255])
def test_a_name_may_be_as_long_as_names_can_be(tmp_path: Path, length: int) -> None:
    path = tmp_path / f"{'x' * (length - 5)}.json"
    write_json(path, {"n": 1})
    write_json(path, {"n": 2})
    assert names(tmp_path) == [path.name]


def test_pictures_stay_what_they_were(tmp_path: Path) -> None:
    for kind, name in (("PNG", "a.png"), ("JPEG", "a.jpg")):
        write_bytes(tmp_path / name, picture(kind))
        with Image.open(tmp_path / name) as ours, Image.open(io.BytesIO(picture(kind))) as plain:
            assert (ours.format, ours.size, ours.tobytes()) == (kind, plain.size, plain.tobytes())
            assert (ours.info.get("Software") or ours.info["comment"].decode()).startswith("edge-cifar ")


def test_json_is_indented_utf8_with_a_line_end(tmp_path: Path) -> None:
    write_json(tmp_path / "file.json", {"label": "café", "n": 1})
    text = (tmp_path / "file.json").read_text(encoding="utf-8")
    assert re.fullmatch(r'\{\n  "generator": "edge-cifar [0-9a-f]{8}",\n  "label": "café",\n  "n": 1\n\}\n', text)
    assert json.loads(text) == {"generator": json.loads(text)["generator"], "label": "café", "n": 1}


def test_names_that_are_no_utf8_are_escaped_and_end_nothing(tmp_path: Path) -> None:
    write_json(tmp_path / "file.json", {"ids": ["\udcff3.png", "back\\slash"]})
    assert json.loads((tmp_path / "file.json").read_bytes())["ids"] == [r"\udcff3.png", r"back\slash"]
    write_text(tmp_path / "file.md", "\udcff3.png\n")
    assert (tmp_path / "file.md").read_text("utf-8").startswith("\\udcff3.png\n")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows can't limit the size of files")
def test_a_full_disk_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "file.json"
    write_json(path, {"n": 1})
    done = subprocess.run([sys.executable, "-c", FULL_DISK, path], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr == f"cannot write {path}: File too large\n"
    assert json.loads(path.read_text())["n"] == 1
    assert names(tmp_path) == ["file.json"]


def test_a_name_that_is_taken_by_a_folder_is_named_and_nothing_is_left(tmp_path: Path) -> None:
    (tmp_path / "taken").mkdir()
    with pytest.raises(EdgeCifarError, match=r"cannot write .*taken: "):
        write_bytes(tmp_path / "taken", b"new")
    assert names(tmp_path) == ["taken"]


def test_a_parent_that_is_a_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(EdgeCifarError, match=r"cannot write .*child: "):
        write_bytes(tmp_path / "file" / "child", b"new")


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_without_permission_is_named(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(EdgeCifarError, match=r"cannot write .*file: Permission denied"):
        write_bytes(tmp_path / "file", b"new")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no umask")
@pytest.mark.parametrize(("mask", "mode"), [(0o022, 0o644), (0o077, 0o600), (0o002, 0o664)])
def test_files_get_the_permissions_of_any_new_file(tmp_path: Path, mask: int, mode: int) -> None:
    before = os.umask(mask)
    try:
        write_bytes(tmp_path / "file", b"new")
    finally:
        os.umask(before)
    assert (tmp_path / "file").stat().st_mode & 0o777 == mode


def test_writers_at_the_same_time_leave_one_whole_file(tmp_path: Path) -> None:
    contents = [f"{chr(97 + i) * 100_000}\n" for i in range(16)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda content: write_text(tmp_path / "file.md", content), contents))
    assert any((tmp_path / "file.md").read_text().startswith(content) for content in contents)
    assert names(tmp_path) == ["file.md"]


def test_sha256_of_known_bytes(tmp_path: Path) -> None:
    (tmp_path / "abc").write_bytes(b"abc")
    assert file_sha256(tmp_path / "abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


def test_the_cache_folder_follows_xdg(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", "/elsewhere")
    assert cache_folder() == Path("/elsewhere/edge-cifar")
    monkeypatch.setenv("HOME", "/home/someone")
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    assert cache_folder() == Path("/home/someone/.cache/edge-cifar")
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert cache_folder() == Path("/home/someone/.cache/edge-cifar")


@pytest.mark.skipif(not hasattr(os, "getuid"), reason="of Unix")
def test_a_user_without_a_home_has_the_cache_folder_in_the_root(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HOME", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(os, "getuid", lambda: 2**31 - 7)  # nobody's
    assert cache_folder() == Path("/.cache/edge-cifar")


@pytest.mark.parametrize("error", [KeyboardInterrupt(), ZeroDivisionError()])
def test_what_ends_the_writing_is_not_hidden_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise error

    with pytest.raises(type(error)):
        write_file(tmp_path / "a.json", fail)
    assert names(tmp_path) == []
    monkeypatch.setattr(Path, "unlink", lambda *_, **__: (tmp_path / "missing").stat())
    with pytest.raises(type(error)):
        write_file(tmp_path / "a.json", fail)
