import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from command_lines import parses

ROOT = Path(__file__).resolve().parents[3]
DEPLOY = ROOT / "edge" / "deploy"
UNITS = sorted(DEPLOY.glob("*.service"))


@pytest.mark.parametrize("unit", UNITS, ids=lambda path: path.stem)
def test_systemd_takes_the_unit(unit: Path, tmp_path: Path) -> None:
    if not shutil.which("systemd-analyze"):
        pytest.skip("systemd-analyze is not here")
    here = tmp_path / unit.name
    here.write_text(unit.read_text().replace("/opt/edge-cifar/bin/edge-cifar", sys.executable))
    checking = ["systemd-analyze", "verify", "--man=no", here]  # which would be read only where manuals are installed
    checked = subprocess.run(checking, capture_output=True, text=True, check=False)
    assert unit.stem not in checked.stderr  # of others on this machine it speaks, too


@pytest.mark.parametrize("unit", UNITS, ids=lambda path: path.stem)
def test_the_unit_starts_a_command_that_there_is(unit: Path) -> None:
    started = re.findall(r"ExecStart=\S+ (.*)", unit.read_text())
    assert started
    assert all(parses(shlex.split(words)) for words in started)


def test_the_image_has_what_the_package_is_made_of() -> None:
    text = (DEPLOY / "Dockerfile").read_text()
    copied = {word for line in re.findall(r"^COPY (?!--from)(.*) \S+$", text, re.MULTILINE) for word in line.split()}
    assert copied == {"pyproject.toml", "README.md", "LICENSE", "benchmarks", "edge", "export", "train"}
    command = re.search(r"^CMD \[(.*)\]$", text, re.MULTILINE)
    assert command
    assert parses(shlex.split(command[1].replace(",", " ")))
    assert re.search(r"^USER \d+", text, re.MULTILINE)


def test_the_image_is_given_whole_folders() -> None:
    # podman, and Docker's builder before BuildKit, never look into a folder that is left out: "!train/**/*.py" gives
    # them train/*.py alone.
    lines = (DEPLOY / "Dockerfile.dockerignore").read_text().splitlines()
    given = [line[1:] for line in lines if line.startswith("!")]
    assert [each for each in given if "*" in each.removesuffix("/**")] == []
    assert all((ROOT / each.removesuffix("/**")).exists() for each in given)
