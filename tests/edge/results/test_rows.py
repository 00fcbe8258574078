import csv
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from edge_cifar.edge.errors import PhotoError
from edge_cifar.edge.inference.classifier import Classifier
from edge_cifar.edge.inference.prediction import Prediction, Ranked, Result
from edge_cifar.edge.results.rows import LINE_FORMATS, Csv, JsonLines, Origin, origin_of, row, written

CAT = Prediction("cat", 0.75, (Ranked("cat", 0.75), Ranked("dog", 0.25)), "cat")
UNSURE = Prediction("unknown", 0.5, (Ranked("cat", 0.5), Ranked("dog", 0.302)), "cat", abstained=True)
ORIGIN = Origin("small.onnx", "0123456789abcdef", 0.5, tta=True, top=2)
ERROR = PhotoError("damaged")
OWN = {"model": "small.onnx", "model_sha256": "0123456789abcdef", "threshold": 0.5, "tta": True}


def test_results_tell_where_they_come_from(small_model: Path) -> None:
    classifier = Classifier(small_model, threshold=0.25)
    origin = origin_of(classifier, 1)
    assert origin == Origin("model.onnx", classifier.model.digest[:16], 0.25, tta=False, top=1)
    assert len(origin.model_sha256) == 16
    assert origin_of(classifier, 5, tta=True) == replace(origin, tta=True, top=2)
    assert ORIGIN.row() == OWN


@pytest.mark.parametrize(
    ("earlier", "told"),
    [
        ({}, ""),
        ({"top": 2}, ""),
        ({"model": "renamed.onnx"}, ""),  # the same model by another name
        (
            {"model": "old.onnx", "model_sha256": "f00d"},
            "made with model old.onnx f00d, now it is small.onnx 0123456789abcdef",
        ),
        ({"threshold": 0.25}, "made with threshold 0.25, now it is 0.5"),
        ({"tta": False}, "made with tta False, now it is True"),
        ({"top": 3}, "made with top 3, now it is 2"),
        ({"top": 3, "threshold": 0.25}, "made with threshold 0.25, now it is 0.5"),  # the first that differs
    ],
)
def test_what_an_earlier_result_was_made_with_is_told(earlier: dict[str, object], told: str) -> None:
    assert ORIGIN.difference(OWN | earlier) == told


def test_what_made_a_result_is_compared_as_far_as_it_is_asked_for_and_known() -> None:
    other = OWN | {"model_sha256": "f00d", "threshold": 0.25, "top": 3}
    assert ORIGIN.difference(other, ["top"]) == "made with top 3, now it is 2"
    assert ORIGIN.difference(other, []) == ""
    assert ORIGIN.difference({"top": 2, "tta": True}) == "made by an earlier version, which named no model"


def test_a_row_holds_all_that_is_known() -> None:
    top = [{"label": "cat", "probability": 0.75}, {"label": "dog", "probability": 0.25}]
    known = {"path": "a", "label": "cat", "confidence": 0.75, "top": top, "guess": "cat", "abstained": False}
    assert row(Result("a", CAT)) == known
    assert row(Result("a", CAT), ORIGIN) == known | OWN
    assert row(Result("a", error=ERROR)) == {"path": "a", "error": "damaged"}
    assert row(Result("a", error=ERROR), ORIGIN) == {"path": "a", "error": "damaged"} | OWN


def test_a_path_is_written_so_that_it_opens() -> None:
    assert written("caf\u00e9.png") == "caf\u00e9.png"
    assert written("file:a") == "./file:a"
    assert written("/a/\udce9.png") == "file:///a/%E9.png"


def test_a_line_of_json_is_read_again() -> None:
    form = JsonLines(ORIGIN)
    assert (form.header, form.start, form.suffix) == ("", '{"path": ', ".jsonl")
    line = form.line(Result("a", CAT))
    assert json.loads(line) == row(Result("a", CAT), ORIGIN)
    assert line.startswith(form.start)
    assert (form.name("file:a"), form.name_in(line)) == ("./file:a", "a")
    assert form.row_in(line) == row(Result("a", CAT), ORIGIN) | {"top": 2}
    assert form.row_in(form.line(Result("a", error=ERROR))) == row(Result("a", error=ERROR), ORIGIN)
    assert form.is_whole(b"anything\n") is True


def test_a_record_of_csv_is_read_again() -> None:
    form = Csv(ORIGIN)
    columns = "path,label,confidence,guess,error,abstained,label_2,probability_2,model,model_sha256,threshold,tta"
    assert (form.header, form.start, form.suffix) == (columns, "", ".csv")
    line = form.line(Result("a", CAT))
    assert line == "a,cat,0.75,cat,,false,dog,0.25,small.onnx,0123456789abcdef,0.5,true"
    values = {"path": "a", "label": "cat", "confidence": "0.75", "guess": "cat", "abstained": "false"}
    assert form.row_in(line) == values | {"label_2": "dog", "probability_2": "0.25"} | OWN
    assert form.row_in(form.line(Result("a", error=ERROR)))["error"] == "damaged"
    assert form.name_in(line) == "a"
    assert Csv(replace(ORIGIN, tta=False)).row_in(line.replace("true", "false"))["tta"] is False
    with pytest.raises(ValueError, match="zip"):
        form.row_in("a,b")
    with pytest.raises(ValueError, match="unexpected end of data"):
        form.row_in('"a')


def test_csv_without_an_origin_has_one_label() -> None:
    form = Csv(None)
    assert form.header == "path,label,confidence,guess,error,abstained"
    assert form.line(Result("a", CAT)) == "a,cat,0.75,cat,,false"
    assert form.row_in("a,cat,0.75,cat,,false\n")["confidence"] == "0.75"
    assert Csv.columns(3, None)[6:] == ["label_2", "probability_2", "label_3", "probability_3"]
    assert Csv.columns(1, ORIGIN)[6:] == ["model", "model_sha256", "threshold", "tta"]


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_text_that_spreadsheets_would_run_is_marked(start: str) -> None:
    name = f"{start}1"
    result = Prediction(name, 0.5, (Ranked(name, 0.5),), name)
    [cells] = csv.reader([Csv(None).line(Result(name, result))])
    assert cells[:4] == [f"./{name}", f"'{name}", "0.5", f"'{name}"]
    assert Csv(None).name(name) == f"./{name}"


def test_a_dash_alone_is_no_formula() -> None:
    assert Csv(None).line(Result("-", Prediction("-", 0.5, (Ranked("-", 0.5),), "-"))) == "-,-,0.5,-,,false"
    assert Csv(None).name("-") == "-"


@pytest.mark.parametrize(
    ("path", "cell"),
    [("a,b", '"a,b"'), ('a"b', '"a""b"'), ("a\nb", '"a\nb"'), ("a\rb", '"a\rb"'), ("a b", "a b"), ("X", "X")],
)
def test_cells_are_quoted_where_they_must_be(path: str, cell: str) -> None:
    assert Csv(None).line(Result(path, error=ERROR)) == f"{cell},,,,damaged,"


@pytest.mark.parametrize(
    ("record", "is_whole"), [(b"a\n", True), (b'"a\n', False), (b'"a\n"\n', True), (b'"a""\n', False)]
)
def test_a_record_of_csv_ends_outside_of_quotes(record: bytes, is_whole: bool) -> None:
    assert Csv.is_whole(record) is is_whole


def test_formats_are_known_by_their_suffix() -> None:
    assert {".jsonl": JsonLines, ".csv": Csv} == LINE_FORMATS


def test_numpy_numbers_are_written_as_numbers() -> None:
    result = replace(CAT, confidence=float(np.float32(0.1)))
    assert Csv(None).line(Result("a", result)).split(",")[2] == "0.10000000149011612"
