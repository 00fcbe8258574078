import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import measured
import numpy as np
import pytest
from edge_cifar.benchmarks.report.html_report import benchmark_page
from edge_cifar.edge.stats.classification import confusion_json
from elements import Elements
from PIL import Image

HOSTILE = "<script>alert('\"&')<\\script>\ud800\n"
SHOWN = "<script>alert('\"&')<\\script>\\ud800\\n"


def headings(page: str) -> list[str]:
    return re.findall("<h2>(.*?)</h2>", page)


def test_the_page_begins_with_the_verdict_and_has_a_section_for_everything_measured() -> None:
    page = benchmark_page(measured.report())
    assert page.index("Ship net.int8") < page.index("<h2>")
    assert headings(page) == [
        "Accuracy against latency",
        "All figures",
        "How durations are spread",
        "Where the time goes",
        "Throughput",
        "Right by class, and by confidence",
        "What is confused",
        "How it was measured",
        "The machine",
    ]
    text = Elements(page).text
    for words in ("250,000", "90.00%", "0.50 (0.47 - 0.53)", "SHA-256 abab", "the test images of pets"):
        assert words in text


def test_what_was_not_measured_is_left_out() -> None:
    settings = {**measured.report()["settings"], "data": None}
    page = benchmark_page(measured.report(measured.model("a.onnx"), settings=settings))
    assert "Accuracy against latency" not in headings(page)
    assert "What is confused" not in headings(page)
    assert "McNemar)" not in page


def test_a_flagged_run_says_so_before_its_verdict() -> None:
    page = benchmark_page(measured.report(validity={"valid": False, "reasons": ["the clock fell"]}))
    assert page.index("rely on this run") < page.index("the clock fell") < page.index("Ship ")


def test_minutes_are_drawn_with_the_temperature_where_there_is_one() -> None:
    minutes = [{"minute": i, "celsius": 50 + i, "mhz": None, "net_ms": [1, 0.5]} for i in (1, 2, 3)]
    page = benchmark_page(measured.report(minutes=minutes))
    assert "Temperature by minute" in page
    assert "Clock by minute" not in page


def test_flipped_images_are_shown_where_their_files_can_be_opened(tmp_path: Path) -> None:
    Image.new("RGB", (32, 32), "red").save(tmp_path / "red.png")
    (tmp_path / "text.png").write_text("no photo")
    flips = [
        {"path": str(tmp_path / name), "truth": "cat", "first": "cat", "this": "dog"}
        for name in ("red.png", "text.png", "missing.png")
    ]
    models = [
        measured.model("a.onnx", scores=measured.accuracy()),
        measured.model("b.onnx", scores=measured.accuracy(flips=flips)),
    ]
    elements = Elements(benchmark_page(measured.report(*models)))
    assert [source[:22] for source in elements.sources] == ["data:image/png;base64,"]
    assert "cat ✓ → dog" in elements.text


def test_the_training_of_a_model_is_drawn_from_the_run_beside_it(tmp_path: Path) -> None:
    rows = [
        {"epoch": i, "train_loss": 1, "train_accuracy": 0.5, "val_loss": 1, "val_accuracy": 0.5 + i / 10}
        for i in (1, 2)
    ]
    model = measured.model(str(tmp_path / "model.fp32.onnx"))
    assert "was trained" not in benchmark_page(measured.report(model))
    (tmp_path / "metrics.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    page = benchmark_page(measured.report(model))
    assert f"How it was trained: {tmp_path}" in page
    assert "Best epoch: 2" in page
    (tmp_path / "metrics.jsonl").write_text('{"another": "form"}\n[]\n')
    assert "was trained" not in benchmark_page(measured.report(model))


def hostile(text: str) -> dict[str, Any]:
    flip = dict.fromkeys(("path", "truth", "first", "this"), text)
    scores = replace(measured.accuracy(flips=[flip]), labels=(text, "dog"))
    report = measured.report(
        measured.model(text.replace("/", ""), scores=scores),
        measured.model("b.onnx", scores=scores),
        validity={"valid": False, "reasons": [text]},
    )
    report["machine"]["cpu"] = report["settings"]["data"] = text
    return report


def test_names_labels_and_paths_cannot_add_elements() -> None:
    harmless, elements = (Elements(benchmark_page(hostile(text))) for text in ("plain", HOSTILE))
    assert elements.tags == harmless.tags
    assert elements.text.count(SHOWN) >= 8
    assert "script" not in elements.tags


def test_the_page_can_load_nothing_and_be_written_as_utf_8() -> None:
    page = benchmark_page(hostile(HOSTILE))
    assert "default-src 'none'" in page
    assert "://" not in page
    page.encode()


@pytest.mark.parametrize("classes", [30, 100, 1000])
def test_many_classes_and_models_stay_far_below_3_mb(classes: int) -> None:
    counts = np.array([[90 if i == j else int((i * j) % 7 == 1) for j in range(classes)] for i in range(classes)])
    counts[2, 1] = 80
    labels = tuple(f"class {i}" for i in range(classes))
    scores = replace(measured.accuracy(), labels=labels, confusion=confusion_json(counts))
    models = [measured.model(f"{i}/model.onnx", scores=scores) for i in range(4)]
    page = benchmark_page(measured.report(*models))
    assert len(page) < 3_000_000
    assert ("cells are not 0" in page) == (classes <= 100)
    assert f"Most often class 2 is taken for class 1, 80 of {counts[2].sum():,}" in page
    assert ("<td>class 2<td>class 1<td>" in page) == (classes > 30)  # where the matrix has no names
