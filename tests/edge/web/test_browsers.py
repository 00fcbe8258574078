"""One visit in each browser that is installed; the other tests of the page run in Chromium."""

from base64 import b64encode
from pathlib import Path

import numpy as np
import pytest
from edge_cifar import Classifier
from edge_cifar.benchmarks.browser.asked_page import asked_page
from edge_cifar.benchmarks.browser.installed import PROGRAMS, Name, installed
from edge_cifar.edge.data.synthetic_shapes import LABELS, render
from edge_cifar.edge.errors import EdgeCifarError
from edge_cifar.edge.model.shipped_models import model_file
from edge_cifar.edge.web.site import write_site
from pictures import encode

VISIT = Path(__file__).with_name("one_visit.js")


@pytest.mark.usefixtures("runtime")
@pytest.mark.parametrize("name", PROGRAMS)
def test_a_visit_ends_with_the_same_answers_in_each_browser(name: Name, tmp_path: Path) -> None:
    try:
        browser = installed(name)
    except EdgeCifarError as error:
        pytest.skip(str(error))
    jpeg = encode(render(LABELS[0], 90, 90, np.random.RandomState(0)), "JPEG")
    write_site({"nano": model_file("nano")}, tmp_path)
    with asked_page(tmp_path, browser.opened) as page:
        seen = page.ask(VISIT, {"photo": b64encode(jpeg).decode(), "name": "photo.jpg"})
    assert seen["labels"] == [ranked.label for ranked in Classifier("nano").predict(jpeg, top=5).top]
    assert seen["verified"].startswith("right: 16 of 16 golden images give the same logits to the bit")
    assert "works without a network from now on" in seen["kept"]
    assert seen["width"] <= 360
