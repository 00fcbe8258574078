"""How a prediction is written for people, in one line."""

from ..errors import printable
from ..inference.prediction import Prediction


def text_line(path: str, prediction: Prediction) -> str:
    """Return one line for people: "cat.jpg: cat 97.9%  (dog 1.3%)", or "cup.jpg: unknown  (cat 31.0%, dog 30.2%)"."""
    ranked = [f"{each.label} {each.probability:.1%}" for each in prediction.top]
    first, others = (prediction.label, ranked) if prediction.abstained else (ranked[0], ranked[1:])
    aside = f"  ({', '.join(others)})" if others else ""
    return f"{printable(path)}: {first}{aside}"
