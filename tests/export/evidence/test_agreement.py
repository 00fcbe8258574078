"""Photos without labels: same answers as the float file are counted, and nowhere called anything more."""

import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from edge_cifar.edge.data.labelled_images import LabelledImages
from edge_cifar.edge.errors import ModelError
from edge_cifar.edge.stats.paired_timing import Latency, Ratio
from edge_cifar.export.evidence.export_json import evidence_summary
from edge_cifar.export.evidence.html_report import Exported, export_page, verdict
from edge_cifar.export.evidence.int8_speedup import Worth
from edge_cifar.export.evidence.measured_accuracy import (
    Evidence,
    References,
    SplitLogits,
    measure,
    require_finite,
    require_parity,
)
from edge_cifar.export.evidence.text_tables import evidence_lines, rung_lines
from edge_cifar.export.quantization.accuracy_ladder import Budget, Rung
from elements import Elements
from thousand import LABELS

N = 60
MORE = re.compile(r"accura|\bright|truth|top-?1|broken|temperature \d", re.IGNORECASE)  # what needs labels
RUNG = Rung("minmax", 3.3, 0.967, 0.01, 250.0, 1000, "same bits on every CPU", interval=(1.0, 5.0))
WORTH = Worth(Latency(1, 1, 1), Latency(0.5, 0.5, 0.5), Ratio(0.5, 0.4, 0.6))


@pytest.fixture(scope="module")
def photos(synthetic: LabelledImages) -> LabelledImages:
    """Photos of a thousand classes, of which nobody knows which."""
    return replace(synthetic.take(np.arange(N)), labels=LABELS, targets=np.zeros(N, np.int64))


@pytest.fixture(scope="module", params=[10, 1000], ids=["ten", "thousand"])
def exported(
    request: pytest.FixtureRequest, tiny_fp32_model: Path, tiny_int8_model: Path, photos: LabelledImages
) -> Exported:
    classes = request.param
    fp32 = np.random.RandomState(0).normal(size=(N, classes)).astype(np.float32)
    int8 = fp32.copy()
    int8[:6] = -fp32[:6]
    answered = replace(photos, labels=LABELS[:classes], targets=fp32.argmax(1))
    of_fp32, of_int8 = SplitLogits(fp32, fp32), SplitLogits(int8, int8)
    references = References(fp32 + np.float32(0.25), of_fp32, origin="theirs.onnx", labelled=False)
    files = [
        measure(path, own, answered, answered, references)
        for path, own in ((tiny_fp32_model, of_fp32), (tiny_int8_model, of_int8))
    ]
    photo = photos.images[0]
    return Exported("theirs", [], answered, files, Budget(), [RUNG], RUNG, WORTH, fp32, lambda *_: photo)


def test_nothing_is_fitted_to_answers(exported: Exported) -> None:
    for file in exported.files:
        assert (file.labelled, file.origin) == (False, "theirs.onnx")
        assert (file.temperature, file.abstain_threshold, file.few_images, file.at_bound) == (1, 0, False, False)
    fp32, int8 = exported.files
    assert (fp32.test.same_answers, int8.test.same_answers, int8.val.same_answers) == (1, 0.9, 0.9)


def test_the_terminal_counts_same_answers(exported: Exported) -> None:
    told = "\n".join([*rung_lines(exported.rungs, N, labelled=False), *evidence_lines(exported.files)])
    assert not MORE.search(told)
    for words in (
        "other answers (points)",
        "no labels: counted are answers other than the float file's to 60 validation images, one of them 1.7 points",
        "test, same answers (95 % interval)",
        "90.00% (",
        "the photos have no labels: what counts are the same answers as the float file's",
        "largest logit difference of the fp32 file from theirs.onnx: 0.25",
        "model.int8.onnx: 6 of 60 test images answered otherwise than by fp32",
        "model.int8.onnx on other CPUs: same bits",
    ):
        assert words in told


def test_the_page_counts_same_answers_and_stays_small(exported: Exported) -> None:
    page = export_page(exported)
    text = Elements(page).text
    assert not MORE.search(text)
    for words in (
        "Ship model.int8: 2.0 times as fast as model.fp32",
        "it gives the same answers as model.fp32 to 90.00% of 60 test images without labels",
        "same answers as fp32 on test",
        "points answered otherwise",
        "until one lost no more than 0.5 points of fp32's own answers on validation",
        "Same answers as model.fp32, by class",
        "What is answered otherwise most often",
        "Images that model.int8 answers otherwise",
        "The answer of model.fp32, then that of model.int8.",
    ):
        assert words in text
    assert "How it was trained" not in text
    assert ("cells are not 0" in text) == (len(exported.files[0].labels) == 10)
    assert len(page) < 300_000


def test_the_verdict_without_an_int8_file(exported: Exported) -> None:
    alone = replace(exported, files=exported.files[:1], worth=None)
    told = "Ship model.fp32: no int8 file answers 0.5 points of the images or less otherwise, the best 3.30."
    assert verdict(alone) == told
    assert verdict(replace(alone, rungs=[])) == "model.fp32 answers as theirs.onnx does."
    assert "most often" not in export_page(alone)
    slow = replace(exported, worth=replace(WORTH, ratio=Ratio(1.5, 1.4, 1.6)))
    assert verdict(slow).startswith("Ship model.fp32: model.int8 is ")


def test_json_counts_same_answers(exported: Exported) -> None:
    summary = evidence_summary(exported.files[1])
    written = json.dumps(summary)
    assert not MORE.search(written)
    assert (summary["labelled"], summary["origin"], summary["test"]["same_answers"]) == (False, "theirs.onnx", 0.9)
    assert summary["test"]["flips"] == len(summary["test"]["flipped"]) == 6
    assert summary["test"]["flipped"][0].keys() == {"id", "fp32", "answer"}
    assert sum(summary["answers"]["images"]) == N
    assert len(written) < 60_000


def test_labelled_files_say_so_too(tiny_fp32_model: Path, synthetic: LabelledImages) -> None:
    logits = np.random.RandomState(0).normal(size=(len(synthetic), 10)).astype(np.float32)
    both = SplitLogits(logits, logits)
    evidence: Evidence = measure(tiny_fp32_model, both, synthetic, synthetic, References(logits, both))
    summary = evidence_summary(evidence)
    assert (summary["labelled"], summary["origin"]) == (True, "the trained net")


def test_what_a_file_was_made_from_is_called_by_its_name() -> None:
    logits = np.zeros((2, 3), np.float32)
    with pytest.raises(ModelError, match=r"model.fp32.onnx: logits differ from theirs.onnx's by 1, more than"):
        require_parity("model.fp32.onnx", logits + np.float32(1), logits, "theirs.onnx")
    with pytest.raises(ModelError, match=r"x: theirs.onnx gives NaN logits, so no file of it can be trusted"):
        require_finite("x", logits + np.float32(np.nan), "theirs.onnx")
