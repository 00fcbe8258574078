import json
import re

import pytest
from edge_cifar.edge.model import strict_json as module
from edge_cifar.edge.model.strict_json import strict_json


@pytest.mark.parametrize("value", [None, True, 3, -1.5, "é", [1, [2]], {"a": {"a": 1}}, 1e-320, 10**400])
def test_json_is_read(value: object) -> None:
    assert strict_json(json.dumps(value)) == value


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "NaN",
        "[Infinity]",
        "-Infinity",
        "1e999",
        '{"a": -1e400}',
        '{"a": 1, "a": 1}',
        '[{"b": {"a": 1, "a": 2}}]',
        '{"a": 1, "\\u0061": 2}',
        "9" * 5000,
        "[" * 100_000,
    ],
    ids=lambda text: re.sub(r"\W+", "_", text[:20]),
)
def test_what_only_python_reads_is_refused(text: str) -> None:
    with pytest.raises((ValueError, RecursionError)):
        strict_json(text)


def test_a_text_that_is_too_long_is_not_parsed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_CHARACTERS", 4)
    assert strict_json("[12]") == [12]
    with pytest.raises(ValueError, match=r"^5 characters of JSON$"):
        strict_json("[123]")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("[-Infinity]", "-Infinity is no JSON"),
        ("-1e999", "-1e999 is too large"),
        ('{"a": 1, "a": 1}', "a key comes twice"),
    ],
)
def test_what_is_wrong_is_said(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=f"^{reason}$"):
        strict_json(text)
