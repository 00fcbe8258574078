import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from edge_cifar import Classifier
from edge_cifar.edge.bulk.bulk_run import Asked, PartDone, begin_run
from edge_cifar.edge.bulk.command import predict_bulk
from edge_cifar.edge.bulk.listing import Listed
from edge_cifar.edge.bulk.store import OutputFolder
from edge_cifar.edge.errors import EdgeCifarError
from edge_cifar.edge.results.rows import origin_of

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.mark.parametrize(
    "options",
    [
        *(["--limit", "3"], ["--address", "auto"], ["--engine", "ray"]),
        *(["--engine", "ray", "--out", "x", "--threads", "2"], ["-", "--engine", "ray", "--out", "x"]),
    ],
)
def test_options_that_do_not_go_together_are_wrong_usage(run: Run, photo: Path, options: list[str]) -> None:
    done = run("predict", photo, *options)
    assert (done.returncode, done.stdout) == (2, "")
    assert "--engine ray" in done.stderr


def test_without_the_extra_it_is_named(run: Run, photo: Path, tmp_path: Path) -> None:
    (tmp_path / "none").mkdir()
    (tmp_path / "none" / "fsspec.py").write_text("raise ImportError(\"No module named 'fsspec'\")")
    done = run("predict", photo, "--engine", "ray", "--out", "out", PYTHONPATH=str(tmp_path / "none"))
    assert done.returncode == 1
    words = "edge-cifar predict: No module named 'fsspec'; run: pip install 'edge-cifar[ray]'"
    assert done.stderr.splitlines()[-1] == words
    assert not (tmp_path / "out").exists()


def test_a_finished_sample_tells_shares_with_their_intervals(
    cat_or_dog: Classifier, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = Asked(("photos",), None, False, None, None, 200, ".parquet", origin_of(cat_or_dog, 3))
    out = str(tmp_path / "out")
    run = begin_run(OutputFolder(out), asked, lambda: [Listed(f"{i}.png") for i in range(5_000)])
    for part in run.parts:
        run.write(PartDone(part, 1, 7, {"dog": 80, "cat": 19}), b"")
    predict_bulk(cat_or_dog, asked, out, None, None, None, resume=True, retry_errors=False)
    line = capsys.readouterr().err.splitlines()[-1]
    assert line == (
        "of 200 sampled photos of 5,000: dog 80.0% (73.9% to 85.0%), cat 19.0% (14.2% to 25.0%), "
        "errors 1.0% (0.3% to 3.6%); 95 % intervals"
    )


def test_a_folder_without_photos_begins_nothing(cat_or_dog: Classifier, tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    asked = Asked((str(tmp_path / "photos"),), None, False, None, None, None, ".parquet", origin_of(cat_or_dog, 3))
    out = tmp_path / "out"
    with pytest.raises(EdgeCifarError, match="a folder without photos"):
        predict_bulk(cat_or_dog, asked, str(out), None, None, None, resume=False, retry_errors=False)
    assert not out.exists()
