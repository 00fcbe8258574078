import json
from pathlib import Path

import pytest
from edge_cifar.benchmarks.publish.model_cards import CARDS, model_card
from edge_cifar.edge.model.shipped_models import FAMILY

ROOT = Path(__file__).resolve().parents[3]
ROWS = {row["name"]: row for row in json.loads((ROOT / "benchmarks/results/family.json").read_text())["rows"]}


@pytest.mark.parametrize("name", FAMILY)
def test_the_card_is_up_to_date_with_the_file(name: str) -> None:
    written = (ROOT / CARDS / f"{name}.md").read_text(encoding="utf-8")
    assert written == model_card(name, ROWS[name]), "run `make figures`"
