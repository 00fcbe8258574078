"""The output: logits (N, classes), not what a Softmax makes of them."""

from onnx import helper

from ...edge.errors import ModelError
from .draft import Draft

SOFTMAX = ("Softmax", "LogSoftmax")
PASSING = ("Identity", "Cast")
SHAPING = ("Reshape", "Flatten", "Squeeze")
OTHER_ENDS = ("Sigmoid", "HardSigmoid", "Tanh", "ArgMax", "TopK", "Hardmax", "ReduceMax")


def take_logits(draft: Draft) -> None:
    """Take off a Softmax or LogSoftmax at the end, and the height and width of images of one pixel.

    Raises ModelError for another end that is no logit.
    """
    name = draft.output
    while between := draft.maker(name, *PASSING, *SHAPING):
        name = between.input[0]
        if between.op_type in PASSING:
            draft.bypass(between)
    if softmax := draft.maker(name, *SOFTMAX):
        draft.bypass(softmax)
        name = softmax.input[0]
    shapes = draft.shapes()
    other = draft.maker(name, *OTHER_ENDS)
    if other and not (other.op_type == "ReduceMax" and len(shapes.get(other.input[0], ())) == 4):  # a pool of images
        raise ModelError(
            f"its output is made by {other.op_type}: a classifier that gives one label needs logits, or Softmax of them"
        )
    if shapes.get(draft.output, ())[2:] == (1, 1):
        flat = draft.fresh(f"{draft.output}_flat")
        draft.nodes.append(helper.make_node("Flatten", [draft.output], [flat], flat))
        draft.output = flat
    draft.remove_unread()
