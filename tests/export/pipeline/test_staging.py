import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from edge_cifar.edge.errors import EdgeCifarError
from edge_cifar.edge.files.atomic_write import ForeignFileError, write_json, write_text
from edge_cifar.export.pipeline.staging import STAGE, staging, switch

LAST = "export.json"


def put(folder: Path, words: str, *names: str) -> None:
    """Files of this program that say `words`."""
    for name in names:
        write_json(folder / name, {"words": words}) if name == LAST else write_text(folder / name, f"<p>{words}</p>")


def found(folder: Path) -> dict[str, str]:
    return {path.name: next(w for w in ("old", "new") if w in path.read_text()) for path in folder.iterdir()}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "run"
    put(folder, "old", "a.html", "b.html", "c.html", LAST)
    return folder


def test_all_files_are_switched_and_nothing_is_left(folder: Path) -> None:
    with staging(folder) as stage:
        put(stage, "new", "a.html", "d.html", LAST)
        switch(stage, folder, LAST, removed=["b.html", "not there"])
    assert found(folder) == {"a.html": "new", "c.html": "old", "d.html": "new", LAST: "new"}


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt, OSError])
def test_what_ends_before_the_switch_leaves_the_old_files(folder: Path, error: type[BaseException]) -> None:
    def fail() -> None:
        with staging(folder) as stage:
            put(stage, "new", "a.html", LAST)
            raise error

    with pytest.raises(error):
        fail()
    assert found(folder) == dict.fromkeys(("a.html", "b.html", "c.html", LAST), "old")


@pytest.mark.parametrize("fails_at", ["a.html", "d.html", LAST])
def test_a_switch_that_is_interrupted_brings_the_old_files_back(
    folder: Path, monkeypatch: pytest.MonkeyPatch, fails_at: str
) -> None:
    replace = Path.replace

    def interrupted(self: Path, to: Path) -> Path:
        if self.parent.name.startswith(STAGE) and to.name == fails_at:
            raise KeyboardInterrupt
        return replace(self, to)

    with staging(folder) as stage:
        put(stage, "new", "a.html", "b.html", "d.html", LAST)
        monkeypatch.setattr(Path, "replace", interrupted)
        with pytest.raises(KeyboardInterrupt):
            switch(stage, folder, LAST, removed=["c.html"])
    assert found(folder) == dict.fromkeys(("a.html", "b.html", "c.html", LAST), "old")


def test_a_foreign_file_stops_the_switch_before_it_begins(folder: Path) -> None:
    (folder / "z.html").write_text("<p>old, of the user</p>")
    with staging(folder) as stage:
        put(stage, "new", "a.html", "z.html", LAST)
        with pytest.raises(ForeignFileError, match=r"z\.html"):
            switch(stage, folder, LAST)
    assert set(found(folder).values()) == {"old"}


def test_the_summary_comes_last(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    order: list[str] = []
    replace = Path.replace
    monkeypatch.setattr(Path, "replace", lambda self, to: (order.append(Path(to).name), replace(self, to))[1])
    with staging(folder) as stage:
        put(stage, "new", LAST, "a.html", "z.html")
        order.clear()
        switch(stage, folder, LAST)
    assert order == ["a.html", "z.html", LAST]


def test_one_process_at_a_time(folder: Path) -> None:
    with staging(folder), pytest.raises(EdgeCifarError, match="another export is writing here"), staging(folder):
        pass
    with staging(folder):
        pass


def test_a_killed_export_leaves_the_old_files_and_the_next_one_clears_up(folder: Path) -> None:
    code = (
        "import os, sys; from pathlib import Path; from edge_cifar.export.pipeline.staging import staging\n"
        "with staging(Path(sys.argv[1])) as stage:\n"
        "    (stage / 'a.html').write_text('half'); os.kill(os.getpid(), 9)"
    )
    done = subprocess.run([sys.executable, "-c", code, folder], check=False)
    assert done.returncode == -signal.SIGKILL
    assert list(folder.glob(f"{STAGE}*"))
    with staging(folder):
        pass
    assert found(folder) == dict.fromkeys(("a.html", "b.html", "c.html", LAST), "old")


def test_a_folder_made_for_an_export_that_failed_goes_again(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError), staging(tmp_path / "new" / "deep"):
        raise RuntimeError
    assert list(tmp_path.iterdir()) == []
    with staging(tmp_path / "new" / "deep") as stage:
        put(stage, "new", LAST)
        switch(stage, tmp_path / "new" / "deep", LAST)
    assert found(tmp_path / "new" / "deep") == {LAST: "new"}


def test_a_folder_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with (
        pytest.raises(EdgeCifarError, match=r"cannot write .*file.deep: .*choose another --out"),
        staging(tmp_path / "file" / "deep"),
    ):
        pass


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_is_read_only_is_one_line(folder: Path) -> None:
    folder.chmod(0o555)
    try:
        with pytest.raises(EdgeCifarError, match="Permission denied; choose another --out"), staging(folder):
            pass
    finally:
        folder.chmod(0o755)
