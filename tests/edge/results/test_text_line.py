from dataclasses import replace

import pytest
from edge_cifar.edge.inference.prediction import Prediction, Ranked
from edge_cifar.edge.results.text_line import text_line

CAT = Prediction("cat", 0.75, (Ranked("cat", 0.75), Ranked("dog", 0.25)), "cat")
UNSURE = Prediction("unknown", 0.5, (Ranked("cat", 0.5), Ranked("dog", 0.302)), "cat", abstained=True)


@pytest.mark.parametrize(
    ("result", "line"),
    [
        (CAT, "a.jpg: cat 75.0%  (dog 25.0%)"),
        (replace(CAT, top=CAT.top[:1]), "a.jpg: cat 75.0%"),
        (replace(CAT, top=(*CAT.top, Ranked("cup", 0.001))), "a.jpg: cat 75.0%  (dog 25.0%, cup 0.1%)"),
        (UNSURE, "a.jpg: unknown  (cat 50.0%, dog 30.2%)"),
    ],
)
def test_a_line_for_people(result: Prediction, line: str) -> None:
    assert text_line("a.jpg", result) == line
