import json
from pathlib import Path
from typing import Any

import pytest
from edge_cifar.edge.errors import RunError
from edge_cifar.train.cli.compare import compare
from typer import BadParameter


def write_run(
    folder: Path,
    accuracies: tuple[float, ...] = (0.5, 0.8, 0.7),
    *,
    lr: float = 0.1,
    test_sha256: str = "aa",
    finished: bool = True,
) -> Path:
    folder.mkdir(parents=True)
    splits = {name: {"n": 1000, "sha256": sha} for name, sha in (("train", "cc"), ("val", "bb"), ("test", test_sha256))}
    config = {
        "recipe": {"net": "batchnorm", "epochs": 3, "lr": lr, "option_of_another_version": True},
        "data": {"name": "pets", "labels": ["cat", "dog"], "splits": splits},
        "versions": {"torch": "2"},
    }
    (folder / "config.json").write_text(json.dumps(config))
    rows = [{"epoch": i, "val_accuracy": value, "seconds": 60} for i, value in enumerate(accuracies, start=1)]
    (folder / "metrics.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows) + '{"epoch": 9, "cut o')
    if finished:
        (folder / "result.json").write_text(
            json.dumps({"test_accuracy": 0.75, "test_images": 1000, "parameters": 309290})
        )
    return folder


def compared(capsys: pytest.CaptureFixture[str], *runs: Path) -> dict[str, Any]:
    compare(list(runs), as_json=True)
    answer: dict[str, Any] = json.loads(capsys.readouterr().out)
    return answer


def test_the_table_shows_each_run_and_only_the_settings_that_differ(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    compare([write_run(tmp_path / "first"), write_run(tmp_path / "second", lr=0.2)])
    table = capsys.readouterr().out
    row = "first   batchnorm     309,290  pets  80.00% (2)        75.00% (72.22% - 77.58%)       3      3.0"
    assert row in table.splitlines()
    settings = table.split("what differs")[1]
    assert settings.split() == ["first", "second", "lr", "0.1", "0.2"]


def test_an_unfinished_run_is_shown_as_such(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    compare(
        [write_run(tmp_path / "a"), write_run(tmp_path / "b", (0.5,), finished=False), write_run(tmp_path / "c", ())]
    )
    lines = capsys.readouterr().out.splitlines()
    assert lines[2].split() == ["b", "batchnorm", "-", "pets", "50.00%", "(1)", "unfinished", "1", "of", "3", "1.0"]
    assert "0 of 3" in lines[3]


def test_json_holds_the_figures_and_the_differences(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    answer = compared(capsys, write_run(tmp_path / "a"), write_run(tmp_path / "b", lr=0.2))
    assert answer["differences"] == {"lr": [0.1, 0.2]}
    assert answer["comparable"] == {"val": True, "test": True}
    first = answer["runs"][0]
    assert (first["best_epoch"], first["val_accuracy"], first["test_accuracy"]) == (2, 0.8, 0.75)


def test_a_finished_run_shows_the_epoch_it_kept(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = write_run(tmp_path / "a")
    result = json.loads((run / "result.json").read_text())
    (run / "result.json").write_text(json.dumps({**result, "best_epoch": 3, "val_accuracy": 0.7}))
    first = compared(capsys, run, write_run(tmp_path / "b"))["runs"][0]
    assert (first["best_epoch"], first["val_accuracy"]) == (3, 0.7)


def test_runs_tested_on_different_images_are_said_to_be_incomparable(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    runs = [write_run(tmp_path / "a"), write_run(tmp_path / "b", test_sha256="dd")]
    compare(runs)
    assert capsys.readouterr().err == "the test accuracies are not comparable: they are of different images\n"
    assert compared(capsys, *runs)["comparable"] == {"val": True, "test": False}


def test_folders_of_one_name_are_told_apart_by_their_paths(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    runs = [write_run(tmp_path / "a" / "run"), write_run(tmp_path / "b" / "run")]
    assert [row["run"] for row in compared(capsys, *runs)["runs"]] == [str(run) for run in runs]


def test_what_is_no_run_is_named_after_the_others_are_shown(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    damaged = write_run(tmp_path / "damaged")
    (damaged / "config.json").write_text("{}")
    with pytest.raises(RunError, match=r"nowhere: no run here .*damaged: damaged"):
        compare([tmp_path / "nowhere", write_run(tmp_path / "a"), damaged])
    assert "80.00% (2)" in capsys.readouterr().out


def test_the_plot_is_a_png_of_the_runs_with_an_epoch(tmp_path: Path) -> None:
    compare([write_run(tmp_path / "a"), write_run(tmp_path / "b", ())], out=tmp_path / "plot.png")
    assert (tmp_path / "plot.png").read_bytes().startswith(b"\x89PNG")
    with pytest.raises(RunError, match="none of these runs has finished an epoch"):
        compare([tmp_path / "b"], out=tmp_path / "plot.png")
    with pytest.raises(BadParameter, match=r"end its name in \.png"):
        compare([tmp_path / "a"], out=tmp_path / "plot.pdf")
