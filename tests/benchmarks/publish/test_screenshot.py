import subprocess
import sys
from pathlib import Path

import measured
import pytest
from edge_cifar.benchmarks.browser.installed import find_browser
from edge_cifar.benchmarks.publish.screenshot import look_at, screenshot
from edge_cifar.benchmarks.report.html_report import benchmark_page
from edge_cifar.edge.errors import EdgeCifarError
from PIL import Image


@pytest.fixture
def browser() -> str:
    pytest.importorskip("playwright", reason="playwright is not installed: pip install 'edge-cifar[browser]'")
    try:
        return find_browser("chromium")
    except EdgeCifarError as error:
        pytest.skip(str(error))


def write(path: Path, body: str) -> Path:
    path.write_text(f"<!doctype html><meta charset=utf-8><title>x</title>{body}")
    return path


@pytest.mark.slow
@pytest.mark.usefixtures("browser")
def test_the_report_is_seen_at_both_widths_in_light_and_dark_without_complaint(tmp_path: Path) -> None:
    page = tmp_path / "report.html"
    page.write_text(benchmark_page(measured.report()))
    looks = look_at(page, tmp_path / "out", "report")
    assert [look.complaints for look in looks] == [()] * 4
    corners = {}
    for look in looks:
        with Image.open(look.picture) as picture:
            corners[look.picture.name] = (picture.width, picture.convert("L").getpixel((0, 0)) > 128)
    assert corners == {
        "report-light-390.png": (390, True),
        "report-light-1280.png": (1280, True),
        "report-dark-390.png": (390, False),
        "report-dark-1280.png": (1280, False),
    }


@pytest.mark.slow
@pytest.mark.usefixtures("browser")
@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        ("<div style='width: 500px'>wide</div>", "bad-light-390.png: scrolls sideways, 5"),
        ("<script>nowhere()</script>", "error: nowhere is not defined"),
        ("<img src='missing.png'>", "could not load file://"),
    ],
)
def test_what_is_wrong_with_a_page_is_named(tmp_path: Path, body: str, complaint: str) -> None:
    with pytest.raises(EdgeCifarError, match=complaint):
        screenshot([write(tmp_path / "bad.html", body)], tmp_path / "out")


def test_without_a_browser_or_a_page_one_line_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(EdgeCifarError, match=r"no chromium here .*; install it"):
        find_browser("chromium")
    with pytest.raises(EdgeCifarError, match=r"none\.html: no such page"):
        look_at(tmp_path / "none.html", tmp_path, "none")


def test_the_command_ends_with_one_line(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "edge_cifar.benchmarks.publish.screenshot", "none.html"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (1, "edge-cifar screenshot: none.html: no such page\n")


@pytest.mark.slow
def test_a_browser_that_does_not_start_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("playwright", reason="playwright is not installed: pip install 'edge-cifar[browser]'")
    broken = tmp_path / "chromium"
    broken.write_text("#!/bin/sh\nexit 3\n")
    broken.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(EdgeCifarError, match="chromium: does not start"):
        look_at(write(tmp_path / "page.html", ""), tmp_path, "page")
