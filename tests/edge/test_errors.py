import pytest
from edge_cifar.edge.errors import EdgeCifarError, PhotoError, printable


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("café 猫.jpg", "café 猫.jpg"),
        ("two\nlines\r.jpg", r"two\nlines\r.jpg"),
        ("\x1b[2Jcleared", r"\x1b[2Jcleared"),
        ("not \udcff UTF-8", r"not \udcff UTF-8"),
    ],
)
def test_any_text_becomes_one_line_that_can_be_printed(text: str, line: str) -> None:
    assert printable(text) == line
    line.encode()


def test_every_error_of_the_family_is_one_line() -> None:
    error = PhotoError("a\nb.jpg: empty file")
    assert isinstance(error, EdgeCifarError)
    assert str(error) == r"a\nb.jpg: empty file"
