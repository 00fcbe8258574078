from pathlib import Path

import pytest
from edge_cifar.benchmarks.cli.demo import MARKER, prepare
from edge_cifar.edge.data.synthetic_shapes import write_photos
from edge_cifar.edge.errors import RunError
from edge_cifar.edge.files.atomic_write import write_text


def test_an_earlier_demo_is_replaced(tmp_path: Path) -> None:
    out = tmp_path / "demo"
    prepare(out)
    (out / "run").mkdir()
    (out / "run" / "config.json").touch()
    (out / "notes.txt").touch()
    prepare(out)
    assert sorted(path.name for path in out.iterdir()) == [MARKER, "notes.txt"]


def test_an_empty_folder_is_taken(tmp_path: Path) -> None:
    prepare(tmp_path)
    assert (tmp_path / MARKER).exists()


def test_a_folder_that_is_no_demo_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "mine.txt").touch()
    with pytest.raises(RunError, match="holds something other than a demo"):
        prepare(tmp_path)
    assert (tmp_path / "run" / "mine.txt").exists()
    assert not (tmp_path / MARKER).exists()


def test_a_file_in_the_place_of_the_folder_is_left_alone(tmp_path: Path) -> None:
    out = tmp_path / "demo"
    out.write_text("mine")
    with pytest.raises(RunError, match="holds something other than a demo"):
        prepare(out)
    assert out.read_text() == "mine"


@pytest.mark.parametrize("name", ["photos/mine.jpg", "run/notes.md", "run/report.md"])
def test_what_somebody_put_into_a_demo_is_not_deleted(tmp_path: Path, name: str) -> None:
    out = tmp_path / "demo"
    prepare(out)
    write_photos(out / "photos", per_label=1, seed=3)
    write_text(out / "run" / "report.md", "# Report\n")
    with (out / name).open("a") as file:
        file.write("mine")
    with pytest.raises(RunError, match=f"{name}: is no file of the demo's and would be deleted"):
        prepare(out)
    assert (out / name).read_text().endswith("mine")
    assert (out / "run" / "report.md").exists()
    (out / name).unlink()
    prepare(out)
    assert not (out / "run").exists()
