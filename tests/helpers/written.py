"""Results to be written by the tests of outputs, and how."""

from collections.abc import Sequence
from pathlib import Path

from edge_cifar.edge.cli.output import Output, ended, open_output
from edge_cifar.edge.errors import PhotoError
from edge_cifar.edge.inference.prediction import Prediction, Ranked, Result
from edge_cifar.edge.results.rows import Origin

CAT = Prediction("cat", 0.75, (Ranked("cat", 0.75), Ranked("dog", 0.25)), "cat")
RESULTS = [
    Result("a.png", CAT),
    Result("two\nlines, b.png", error=PhotoError("damaged")),
    Result("caf\udce9.png", CAT),
]
ORIGIN = Origin("small.onnx", "0123456789abcdef", 0.5, tta=False, top=2)


def write(
    path: Path, results: Sequence[Result], resume: bool = False, origin: Origin = ORIGIN, retry: bool = False
) -> Output:
    output = open_output(path, resume, as_json=False, origin=origin, retry_errors=retry)
    with ended(output):
        output.write(results)
    return output
