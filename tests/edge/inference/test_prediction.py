import json
from pathlib import Path
from typing import Any

import pytest
from edge_cifar import PhotoError, Prediction, Ranked, Result

CAT = Prediction("cat", 0.75, (Ranked("cat", 0.75), Ranked("dog", 0.25)), "cat")
PLAIN = {
    "label": "cat",
    "confidence": 0.75,
    "top": [{"label": "cat", "probability": 0.75}, {"label": "dog", "probability": 0.25}],
    "guess": "cat",
    "abstained": False,
}


def test_a_prediction_is_plain_values_for_json() -> None:
    assert json.loads(json.dumps(CAT.to_dict())) == PLAIN
    CAT.to_dict()["top"][0]["label"] = "dog"
    assert CAT.to_dict() == PLAIN  # what was returned is the caller's own


@pytest.mark.parametrize(("source", "plain"), [("a.jpg", "a.jpg"), (Path("b", "a.jpg"), "b/a.jpg"), (0, 0), (7, 7)])
def test_a_result_is_plain_values_for_json(source: str | Path | int, plain: str | int) -> None:
    assert json.loads(json.dumps(Result(source, CAT).to_dict())) == {"source": plain, **PLAIN}
    error = Result(source, error=PhotoError("a.jpg: damaged"))
    assert json.loads(json.dumps(error.to_dict())) == {"source": plain, "error": "a.jpg: damaged"}


class InBytes:
    def __fspath__(self) -> bytes:
        return b"a.jpg"


def test_a_path_in_bytes_is_text_for_json() -> None:
    source: Any = InBytes()
    assert json.loads(json.dumps(Result(source, CAT).to_dict()))["source"] == "a.jpg"


def test_a_result_is_a_prediction_or_an_error() -> None:
    error = PhotoError("damaged")
    assert Result("a.jpg", CAT).ok
    assert not Result("a.jpg", error=error).ok
    for prediction, why in ((None, None), (CAT, error)):
        with pytest.raises(ValueError, match=r"^expected a prediction or an error, and not both$"):
            Result("a.jpg", prediction, why)


@pytest.mark.parametrize(("value", "name"), [(CAT, "label"), (CAT.top[0], "label"), (Result(0, CAT), "source")])
def test_answers_are_frozen(value: object, name: str) -> None:
    with pytest.raises(AttributeError):
        setattr(value, name, "dog")
