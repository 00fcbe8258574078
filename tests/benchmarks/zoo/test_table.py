from pathlib import Path

import pytest
import typer
from edge_cifar.benchmarks.zoo.files import ZooFile
from edge_cifar.benchmarks.zoo.report import Row, markdown
from edge_cifar.benchmarks.zoo.table import earlier_rows, export, judge, link_photos, table, write_results
from edge_cifar.edge.errors import EdgeCifarError
from edge_cifar.edge.stats.paired_timing import Ratio

NET = ZooFile("net", "torch, old", "net.onnx")


def test_an_export_that_fails_is_a_row_with_its_last_words(tmp_path: Path) -> None:
    exported = export(ZooFile("net", "torch, old", str(tmp_path / "none.onnx")), tmp_path, 8, tmp_path / "out")
    assert exported.problem.startswith("edge-cifar export: ")
    assert "none.onnx: " in exported.problem
    assert exported.seconds > 0
    assert 20 < exported.peak_mb < 2000  # onnx and torch are in it
    assert not (tmp_path / "out").exists()

    row = judge(NET, exported, tmp_path, [], [])
    assert (row.problem, row.to_float) == (exported.problem, None)
    assert f"| net | torch, old |  | **{exported.problem}** |" in markdown({}, [row])


def test_a_row_says_where_cpus_differ_and_by_how_much() -> None:
    same = Row(
        "a", "its package", 60, 900, "", 0.9987, "same bits on every CPU", 9, 9, 0, 200, 197, 40, Ratio(0.5, 0.49, 0.6)
    )
    other = Row("b", "torch, new", 61, 901, "", 0.5, "within rounding", 9, 7, 1e-5, 200, 200, 2, Ratio(1.1, 1, 1.2))
    page = markdown({"machine": "this one"}, [same, other])

    assert "- machine: this one\n" in page
    assert "| a | its package | 99.9% | same bits on every CPU | 9 of 9 | 98.5% of 200 (40) | 0.50 " in page
    assert "| 7 of 9, by 1e-05 | 100.0% of 200 (2) | 1.10 (1.00 - 1.20) | 61 | 901 |" in page


def test_earlier_rows_stay_in_the_order_of_the_zoo(tmp_path: Path) -> None:
    path = tmp_path / "zoo.json"
    assert earlier_rows(path) == {}
    failed = Row("vit_b_16", "torch, old", 5, 100, problem="no")
    write_results(path, {("vit_b_16", "torch, old"): failed}, "2 of cats")

    done = Row("resnet18", "torch, new", 6, 200, to_float=Ratio(0.5, 0.4, 0.6), judged=2)
    write_results(path, earlier_rows(path) | {("resnet18", "torch, new"): done}, "2 of cats")
    assert list(earlier_rows(path).values()) == [done, failed]
    assert "- photos: 2 of cats\n" in path.with_suffix(".md").read_text()


def test_photos_that_calibrate_lie_in_their_classes(tmp_path: Path) -> None:
    photos = [tmp_path / "photos" / name / "1.jpg" for name in ("cat", "dog")]
    for photo in photos:
        photo.parent.mkdir(parents=True)
        photo.write_text(photo.parent.name)

    for _ in range(2):  # again is no error
        folder = link_photos(photos, tmp_path / "linked")
    assert sorted(path.read_text() for path in folder.glob("*/1.jpg")) == ["cat", "dog"]


def test_unknown_nets_are_refused_before_the_work(tmp_path: Path) -> None:
    with pytest.raises(EdgeCifarError, match=r"--nets: 'resnet19' is none of efficientnet-lite0, resnet18, "):
        table(tmp_path, tmp_path, nets="resnet18,resnet19", out=tmp_path / "zoo.json")


def test_files_of_others_are_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "zoo.md").write_text("mine")
    with pytest.raises((EdgeCifarError, typer.Exit), match=r"zoo\.md"):
        table(tmp_path, tmp_path, out=tmp_path / "zoo.json")
