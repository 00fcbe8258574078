"""The output: logits, not what a Softmax makes of them."""

from ...edge.errors import ModelError
from .draft import Draft

SOFTMAX = ("Softmax", "LogSoftmax")
PASSING = ("Identity", "Cast")
OTHER_ENDS = ("Sigmoid", "HardSigmoid", "Tanh", "ArgMax", "TopK", "Hardmax", "ReduceMax")


def take_logits(draft: Draft) -> None:
    """Take off a Softmax or LogSoftmax at the end. Raises ModelError for another end that is no logit."""
    while last := draft.maker(draft.output, *PASSING, *SOFTMAX):
        draft.bypass(last)
        if last.op_type in SOFTMAX:
            break
    if other := draft.maker(draft.output, *OTHER_ENDS):
        raise ModelError(
            f"its output is made by {other.op_type}: a classifier that gives one label needs logits, or Softmax of them"
        )
    draft.remove_unread()
