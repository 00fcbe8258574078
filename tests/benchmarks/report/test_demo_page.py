from dataclasses import replace
from pathlib import Path

import measured
import pytest
from edge_cifar.benchmarks.report.demo_page import Findings, demo_page
from elements import Elements
from PIL import Image


@pytest.fixture
def findings(tmp_path: Path) -> Findings:
    Image.new("RGB", (1024, 768), "red").save(tmp_path / "star-0.jpg")
    return Findings(
        commands=(("edge-cifar train --out demo/run", 25.0),),
        train={"seconds": 25.4},
        verify={"n": 16, "identical": 15},
        evaluate={"accuracy": 0.97, "n": 500},
        benchmark=measured.report(),
        photos=(
            (
                {
                    "path": str(tmp_path / "star-0.jpg"),
                    "label": "star",
                    "guess": "star",
                    "abstained": False,
                    "confidence": 0.875,
                },
            ),
        ),
    )


def test_the_page_shows_the_verdict_the_photos_and_the_commands(findings: Findings) -> None:
    elements = Elements(demo_page(findings))
    for words in (
        "Ship net.int8",
        "trained for 25 seconds",
        "97.0% of 500 test images",
        "16 golden images whose logits it carries this machine computes 15 to the bit",
        "star-0star 87.5%",
        "$ edge-cifar train --out demo/run  # 25.0 s",
    ):
        assert words in elements.text
    assert [source[:23] for source in elements.sources] == ["data:image/jpeg;base64,"]
    assert "CIFAR-10" not in elements.text


def test_the_second_model_has_its_answer_below_the_first(findings: Findings) -> None:
    ((row,),) = findings.photos
    text = Elements(demo_page(replace(findings, photos=((row, {**row, "guess": "ship"}),)))).text
    assert "star 87.5%ship 87.5%" in text
    assert "CIFAR-10" in text


def test_labels_and_commands_cannot_add_elements(findings: Findings) -> None:
    hostile = "<script>alert('\"&')</script>"
    ((row,),) = findings.photos
    elements = Elements(
        demo_page(replace(findings, commands=((hostile, 1.0),), photos=(({**row, "guess": hostile},),)))
    )
    assert elements.tags == Elements(demo_page(findings)).tags
    assert elements.text.count(hostile) == 2


def test_an_unknown_photo_has_its_guess_and_what_that_means(findings: Findings) -> None:
    ((row,),) = findings.photos
    unsure = {**row, "label": "unknown", "abstained": True}
    assert "less sure of its best guess" not in Elements(demo_page(findings)).text
    text = Elements(demo_page(replace(findings, photos=((unsure,),)))).text
    assert "star-0unknown (star 87.5%?)" in text
    assert "less sure of its best guess" in text
