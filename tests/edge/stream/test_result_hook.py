import shlex
import sys
from pathlib import Path

import pytest
from edge_cifar.edge.errors import EdgeCifarError
from edge_cifar.edge.stream import result_hook as module
from edge_cifar.edge.stream.result_hook import Hook


def python(program: str, *words: str) -> Hook:
    return Hook(shlex.join([sys.executable, "-c", program, *words]))


def test_a_command_gets_the_line_on_stdin_and_its_words_without_a_shell(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out.txt"
    hook = python(
        "import sys; open(sys.argv[1], 'a').write(sys.stdin.read() + sys.argv[2]); print('said')", str(out), "$HOME;"
    )
    hook("one")
    hook("two")
    assert out.read_text() == "one\n$HOME;two\n$HOME;"
    assert capfd.readouterr() == ("", "said\nsaid\n")  # stdout is for the results


@pytest.mark.parametrize("command", ["no-such-program-anywhere --flag", "", "'open quote"])
def test_a_command_that_cannot_be_run_is_named_at_once(command: str) -> None:
    with pytest.raises(EdgeCifarError, match="--exec"):
        Hook(command)


def test_a_command_that_fails_says_how() -> None:
    with pytest.raises(EdgeCifarError, match="ended with 3"):
        python("import sys; sys.exit(3)")("line")
    python("pass")("a line that nobody reads" * 10_000)


def test_a_command_that_hangs_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PATIENCE", 0.2)
    with pytest.raises(EdgeCifarError, match="took longer"):
        python("import time; time.sleep(600)")("line")
