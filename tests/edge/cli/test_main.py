import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path

import pytest
from edge_cifar.edge.cli.command_table import COMMANDS

Run = Callable[..., "subprocess.CompletedProcess[str]"]

MANY = 1000  # photos whose results fill any pipe: 200 bytes each


@contextmanager
def predicting_many(command: list[str], model: Path, photo: Path) -> "Iterator[subprocess.Popen[str]]":
    """Classify a photo `MANY` times, and enter once the first line has come."""
    with subprocess.Popen(
        [*command, "predict", "--model", str(model), "--json", *[str(photo)] * MANY],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout
        assert process.stdout.readline().startswith("{")
        yield process


def modules_loaded(command: list[str], *arguments: str | Path) -> set[str]:
    """Return the top-level modules that a successful command loads."""
    python, *rest = command
    done = subprocess.run([python, "-X", "importtime", *rest, *arguments], capture_output=True, text=True, check=True)
    return {line.rsplit("|", 1)[1].strip().split(".")[0] for line in done.stderr.splitlines() if "|" in line}


def test_help_names_every_command_and_loads_no_library(run: Run, command: list[str]) -> None:
    done = run("--help")
    assert (done.returncode, done.stderr) == (0, "")
    for name, entry in COMMANDS.items():
        assert f"  {name} " in done.stdout
        assert entry.help.partition("\n")[0] in " ".join(done.stdout.split())
    assert not modules_loaded(command, "--help") & {"numpy", "PIL", "onnxruntime", "torch", "rich"}


def test_predict_loads_the_runtime_alone(command: list[str], small_model: Path, photo: Path) -> None:
    loaded = modules_loaded(command, "predict", "--model", small_model, photo)
    assert {"numpy", "PIL", "onnxruntime"} <= loaded
    assert not loaded & {"torch", "onnx", "matplotlib", "rich", "concurrent"}


def test_garbage_is_collected_once_a_command_runs() -> None:
    program = (
        "import gc; from edge_cifar.edge.cli import command_table, main\n"
        "command_table.build_app = lambda requested: lambda prog_name: print(gc.isenabled())\n"
        "main.main()"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "True\n"


def test_version_is_the_installed_one(run: Run) -> None:
    done = run("--version")
    assert (done.returncode, done.stdout) == (0, f"{version('edge-cifar')}\n")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "Usage: edge-cifar"),
        (["predct"], "Did you mean 'predict'?"),
        (["predict"], "Missing argument 'PHOTO"),
        (["predict", "--top", "0", "a.jpg"], "Invalid value for '--top'"),
        (["predict", "--threads", "100000", "a.jpg"], "Invalid value for '--threads'"),
        (["evaluate", "model.onnx"], "Missing option '--data'"),
    ],
)
def test_wrong_usage_is_exit_2_and_explained(run: Run, arguments: list[str], words: str) -> None:
    done = run(*arguments)
    assert done.returncode == 2
    assert words in done.stdout + done.stderr
    assert "Traceback" not in done.stderr


@pytest.fixture
def without_torch(tmp_path: Path) -> str:
    """A PYTHONPATH on which torch can't be imported."""
    (tmp_path / "blocked").mkdir()
    (tmp_path / "blocked" / "torch.py").write_text("raise ModuleNotFoundError(\"No module named 'torch'\")")
    return str(tmp_path / "blocked")


@pytest.mark.parametrize(("command", "words"), [("train", ("--data", "synthetic")), ("export", ("run",))])
def test_a_command_whose_extra_is_missing_says_what_to_install(
    run: Run, without_torch: str, command: str, words: tuple[str, ...]
) -> None:
    done = run(command, *words, PYTHONPATH=without_torch)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"edge-cifar {command}: No module named 'torch'; run: pip install 'edge-cifar[train]'\n"


@pytest.mark.parametrize(
    "words", [("--help",), ("--epochs", "0"), ("--augment", "crop=x"), ("--resume", "r", "--out", "o")]
)
def test_training_tells_and_refuses_before_it_loads_torch(run: Run, without_torch: str, words: tuple[str, ...]) -> None:
    done = run("train", *words, PYTHONPATH=without_torch)
    assert (done.returncode, "torch'" in done.stderr) == (0 if words == ("--help",) else 2, False)


@pytest.fixture
def ctrl_c() -> Iterator[None]:
    """Children answer Ctrl-C as in a terminal, even where the tests run in the background, which ignores it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("ctrl_c")
def test_ctrl_c_is_exit_130_and_one_line(command: list[str], small_model: Path, photo: Path) -> None:
    with predicting_many(command, small_model, photo) as process:
        process.send_signal(signal.SIGINT)
        _, words = process.communicate(timeout=60)
    assert (process.returncode, words) == (130, "edge-cifar predict: interrupted\n")


def test_a_reader_that_goes_away_is_no_error(command: list[str], small_model: Path, photo: Path) -> None:
    with predicting_many(command, small_model, photo) as process:
        assert process.stdout
        assert process.stderr
        process.stdout.close()  # as `| head -1` does
        assert process.stderr.read() == ""
    assert process.returncode == 0


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
@pytest.mark.parametrize("arguments", [["info"], ["--help"]])
def test_a_full_disk_on_stdout_is_one_line(command: list[str], small_model: Path, arguments: list[str]) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [*command, *arguments, small_model], stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
    assert done.returncode == 1
    assert done.stderr.endswith(": No space left on device\n")
    assert done.stderr.count("\n") == 1


@pytest.mark.skipif(sys.platform == "win32", reason="a pipe without a reader has another error there")
def test_output_that_nobody_reads_any_more_is_no_error(command: list[str], small_model: Path) -> None:
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run([*command, "info", small_model], stdout=write, stderr=subprocess.PIPE, check=False)
    os.close(write)
    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no sh")
def test_a_closed_stdout_is_no_error(command: list[str], small_model: Path) -> None:
    closing = ["sh", "-c", 'exec "$@" >&-', "sh"]
    done = subprocess.run([*closing, *command, "info", small_model], stderr=subprocess.PIPE, check=False)
    assert (done.returncode, done.stderr) == (0, b"")


def test_letters_that_the_terminal_lacks_are_escaped(run: Run, tmp_path: Path, small_model: Path) -> None:
    small_model.rename(tmp_path / "猫.onnx")
    done = run("info", "猫.onnx", PYTHONIOENCODING="latin-1")
    assert done.returncode == 0
    assert r"\u732b.onnx" in done.stdout


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
@pytest.mark.parametrize("reader", ["full disk", "went away"])
def test_words_that_nobody_takes_end_nothing_and_hide_no_error(
    command: list[str], small_model: Path, photo: Path, reader: str
) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [*command, "predict", "--model", small_model, "nowhere.png", photo, photo.parent],
            stdout=subprocess.PIPE,
            stderr=full if reader == "full disk" else writing,
            text=True,
            check=False,
        )
    os.close(writing)
    assert (done.returncode, done.stdout.count("\n")) == (1, 2)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no sh")
def test_no_file_gets_the_number_of_a_closed_stream(
    command: list[str], small_model: Path, photo: Path, tmp_path: Path
) -> None:
    closing = ["sh", "-c", 'exec "$@" <&- >&- 2>&-', "sh", *command, "predict", "--model", str(small_model)]
    listed = subprocess.run([*closing, "--out", str(tmp_path / "listed.jsonl"), "--files-from", "-"], check=False)
    assert listed.returncode == 1
    assert (tmp_path / "listed.jsonl").read_text() == ""
    given = subprocess.run([*closing, "--out", str(tmp_path / "given.jsonl"), str(photo), "-", str(photo)], check=False)
    assert given.returncode == 1
    found = [json.loads(line) for line in (tmp_path / "given.jsonl").read_text().splitlines()]
    assert [row.get("error", "") for row in found] == ["", "stdin: Bad file descriptor", ""]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no sh")
def test_wrong_usage_is_not_told_to_stdout_where_stderr_is_closed(command: list[str]) -> None:
    closing = ["sh", "-c", 'exec "$@" 2>&-', "sh"]
    done = subprocess.run([*closing, *command, "predict"], stdout=subprocess.PIPE, check=False)
    assert (done.returncode, done.stdout) == (2, b"")
