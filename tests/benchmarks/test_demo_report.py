import re
from dataclasses import asdict, replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from edge_cifar.benchmarks.report import Findings, page
from edge_cifar.edge.machine import this_machine
from PIL import Image

HOSTILE = "<script>alert('\"&')</script>"


def measured(name: str) -> dict[str, Any]:
    timing = {"p50": 0.5, "p90": 0.6, "p99": 0.7}
    ratio = {"median": 0.25, "low": 0.2, "high": 0.3}
    return {
        "model": f"demo/run/{name}",
        "bytes": 1000,
        "net_ms": timing,
        "net_ratio": ratio,
        "photo_ms": timing,
        "photo_ratio": ratio,
        "images_per_second": 1234.0,
        "start": {"seconds": 0.25, "peak_bytes": 80_000_000},
        "accuracy": {"n": 500, "top1": 0.9, "drop_points": 0.2, "same_answers": 0.99},
    }


def exported(name: str) -> dict[str, Any]:
    test = {"top1": 0.97, "interval": (0.951, 0.982), "same_answers": 0.99}
    return {"file": name, "bytes": 1000, "val": {"top1": 0.98}, "test": test}


@pytest.fixture
def findings(tmp_path: Path) -> Findings:
    Image.new("RGB", (1024, 768), "red").save(tmp_path / "star-0.jpg")
    files = ("model.fp32.onnx", "model.int8.onnx")
    return Findings(
        commands=(("edge-cifar train --out demo/run", 25.0),),
        train={"seconds": 25.4},
        export={"files": [exported(name) for name in files]},
        verify={"n": 16, "identical": 15},
        evaluate={"accuracy": 0.97, "n": 500},
        benchmark={
            "machine": asdict(this_machine()),
            "settings": {"batch": 64, "photo": [1024, 768]},
            "models": [measured(name) for name in files],
        },
        curves=b"curves",
        confusion=b"confusion",
        photos=(({"path": str(tmp_path / "star-0.jpg"), "label": "star", "confidence": 0.875},),),
    )


class Elements(HTMLParser):
    """Collects the elements and the text of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.sources: list[str] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.sources += [value or "" for name, value in attrs if name in ("src", "href")]

    def handle_data(self, data: str) -> None:
        self.text += data


def test_the_page_shows_answers_sizes_speed_and_commands(findings: Findings) -> None:
    text = Elements(page(findings)).text
    for words in (
        "star 87.5%",
        "1,000",
        "98.00%",
        "95.1% - 98.2%",
        "0.25 (0.20-0.30)",
        "$ edge-cifar train --out demo/run  # 25.0 s",
    ):
        assert words in text
    assert "CIFAR-10" not in text


def test_the_second_model_has_its_answer_below_the_first(findings: Findings) -> None:
    ((row,),) = findings.photos
    text = Elements(page(replace(findings, photos=((row, {**row, "label": "ship"}),)))).text
    assert "star 87.5%ship 87.5%" in text
    assert "CIFAR-10" in text


def test_labels_names_and_commands_cannot_add_elements(findings: Findings) -> None:
    harmless = Elements(page(findings))
    ((row,),) = findings.photos
    benchmark = findings.benchmark
    hostile = replace(
        findings,
        commands=((HOSTILE, 1.0),),
        export={"files": [exported(HOSTILE)] * 2},
        benchmark={
            **benchmark,
            "machine": {**benchmark["machine"], "cpu": HOSTILE},
            "settings": {**benchmark["settings"], "batch": HOSTILE},
            "models": [{**model, "model": HOSTILE.replace("/", "")} for model in benchmark["models"]],
        },
        photos=(({**row, "label": HOSTILE},),),
    )
    elements = Elements(page(hostile))
    assert elements.tags == harmless.tags
    assert elements.text.count(HOSTILE) == 6  # the command, two files, the CPU, the batch, the label


def test_the_page_needs_nothing_else(findings: Findings) -> None:
    text = page(findings)
    elements = Elements(text)
    assert len(elements.sources) == 3
    assert all(re.match(r"data:image/(png|jpeg);base64,", source) for source in elements.sources)
    assert "://" not in text
    assert "script" not in elements.tags
