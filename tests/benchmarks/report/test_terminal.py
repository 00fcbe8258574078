import io

import pytest
from edge_cifar.benchmarks.report.terminal import show
from rich.console import Console

TEXT = "cpu  fast\nos  new\n\nfile  ms\n[a].onnx  1.5\n\nINVALID: load\n      from elsewhere\nINVALID: heat"


def test_heads_and_what_is_wrong_stand_out_on_a_terminal() -> None:
    file = io.StringIO()
    show(TEXT, Console(file=file, force_terminal=True, color_system="standard", width=20))
    assert file.getvalue().replace("\x1b[0m", "|") == (
        "\x1b[1mcpu  fast|\nos  new\n\n\x1b[1mfile  ms|\n[a].onnx  1.5\n\n"
        "\x1b[1;31mINVALID: load|\n\x1b[1;31m      from elsewhere|\n\x1b[1;31mINVALID: heat|\n"
    )


def test_elsewhere_the_text_is_printed_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    show(f"{TEXT}\n{'wide ' * 50}")
    assert capsys.readouterr().out == f"{TEXT}\n{'wide ' * 50}\n"
