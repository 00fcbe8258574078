"""How a model learned, in one stage or two, told in epochs."""

from typing import Any
from xml.etree import ElementTree

import pytest
from edge_cifar.edge.report.charts.curves import curves
from elements import Elements


def history(*stages: str | None) -> list[dict[str, Any]]:
    """Return rows of epochs, each of a stage, or of none."""
    return [
        {
            "epoch": epoch,
            "train_loss": 2 / epoch,
            "train_accuracy": 0.4,
            "val_loss": 1 / epoch,
            "val_accuracy": 0.1 * epoch,
        }
        | ({"stage": stage} if stage else {})
        for epoch, stage in enumerate(stages, 1)
    ]


def dashed(page: str) -> list[float]:
    """Return where the dashed lines of each chart stand."""
    svgs = [f"<svg {part.split('</svg>')[0]}</svg>" for part in page.split("<svg ")[1:]]
    lines = [line for svg in svgs for line in ElementTree.fromstring(svg).iter("line")]
    return [float(line.get("x1", "nan")) for line in lines if line.get("class") == "dashed"]


def test_two_stages_are_named_and_a_line_stands_between_them() -> None:
    page = curves(history("head", "head", "net", "net", "net"))
    text = Elements(page).text
    assert text.count("head alone") == 2  # charts
    places = dashed(page)
    assert len(places) == 2
    assert places[0] > dashed(curves(history("head", "net", "net", "net", "net")))[0]


def test_a_single_stage_has_no_line() -> None:
    assert dashed(curves(history(None, None, None))) == []
    alone = curves(history("head", "head"))
    assert dashed(alone) == []
    assert "head alone" in Elements(alone).text


def test_a_stage_of_another_version_is_shown_by_its_name() -> None:
    page = curves(history("<warm>", "net", "net", "net"))
    assert "warm" not in Elements(page).tags
    assert len(dashed(page)) == 2


@pytest.mark.parametrize("count", [0, 1])
def test_of_an_epoch_there_is_a_sentence_and_of_none_nothing(count: int) -> None:
    page = curves(history(*[None] * count))
    assert ("One epoch: 10.00% of the validation images right." in page) == bool(count)
    assert "<svg" not in page
