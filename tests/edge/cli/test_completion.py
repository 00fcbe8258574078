import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

Run = Callable[..., "subprocess.CompletedProcess[str]"]

BASH = """
source ./script
COMP_WORDS=(edge-cifar {words})
COMP_CWORD={last}
_edge_cifar
echo "${{COMPREPLY[*]}}"
"""
FISH = "source ./script; complete --do-complete 'edge-cifar {words}'"


@pytest.fixture
def script(run: Run, tmp_path: Path) -> Callable[[str], str]:
    """Return a function that writes the script of a shell, skips without the shell, and gives the text.

    torch can't be imported, as where the extra is missing, which is quicker, too.
    """

    def script(shell: str) -> str:
        if not shutil.which(shell):
            pytest.skip(f"no {shell} here")
        (tmp_path / "torch.py").write_text("raise ModuleNotFoundError(\"No module named 'torch'\")")
        done = run("completion", shell, PYTHONPATH=str(tmp_path))
        assert (done.returncode, done.stderr) == (0, "")
        (tmp_path / "script").write_text(done.stdout)
        return done.stdout

    return script


def asked(cwd: Path, *command: str) -> list[str]:
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.splitlines()


def test_bash_completes_commands_options_and_values_or_else_files(script: Callable[[str], str], tmp_path: Path) -> None:
    assert "complete -o default " in script("bash")
    for words, offered in {
        "comp": "compare compare-benchmarks completion",
        "--v": "--version",
        "predict --thre": "--threshold --threads",
        "predict photo.jpg --r": "--recursive --resume --retry-errors",
        "evaluate --split t": "test train",
        "predict pho": "",
        "predict --model n": "",
        "predict --out -": "",
        "train --optimizer ada": "adam adamw",
        "tune --": "",  # its extra is missing
    }.items():
        program = BASH.format(words=words, last=words.count(" ") + 1)
        assert asked(tmp_path, "bash", "-c", program) == [offered], words


def test_fish_completes_commands_options_and_values_with_what_they_are_for(
    script: Callable[[str], str], tmp_path: Path
) -> None:
    script("fish")
    for words, offered in {
        "tra": {"train": "Train a net on CIFAR-10 or on your own photos"},
        "predict --to": {"--top": "How many labels to show"},
        "evaluate --split t": dict.fromkeys(("test", "train"), "Which images of --data to take"),
    }.items():
        lines = asked(tmp_path, "fish", "--no-config", "-c", FISH.format(words=words))
        assert dict(line.split("\t") for line in lines) == offered


def test_zsh_can_read_its_script(script: Callable[[str], str], tmp_path: Path) -> None:
    text = script("zsh")
    assert asked(tmp_path, "zsh", "-n", "script") == []
    assert "'--split[Which images of --data to take]:value:(test val train all)'" in text
    assert "'--json[Print JSON, one object a line]'" in text


def test_another_shell_is_wrong_usage(run: Run) -> None:
    done = run("completion", "tcsh")
    assert (done.returncode, done.stdout) == (2, "")
    assert "'tcsh' is not one of 'bash', 'zsh', 'fish'" in done.stderr
