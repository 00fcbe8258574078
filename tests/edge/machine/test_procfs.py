from pathlib import Path

import pytest
from edge_cifar.edge.machine.procfs import entry, read


def test_a_file_is_read_without_the_white_space_around_it(tmp_path: Path) -> None:
    file = tmp_path / "governor"
    file.write_bytes(b" ondemand \xff\n\n")
    assert read(file) == "ondemand \N{REPLACEMENT CHARACTER}"


def test_what_cannot_be_read_is_empty(tmp_path: Path) -> None:
    assert read(tmp_path / "missing") == read(tmp_path) == ""


@pytest.mark.parametrize(
    ("name", "value"),
    [("model name", "Cortex-A72"), ("NAME", "Debian"), ("model", ""), ("bogomips", "")],
)
def test_the_first_entry_of_a_name_counts(name: str, value: str) -> None:
    text = "model name\t: Cortex-A72\nmodel name : other\nNAME=Debian\nbogomips\t:\n"
    assert entry(text, name) == value
