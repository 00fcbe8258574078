"""Results to be written by the tests of outputs, and how."""

from pathlib import Path

from edge_cifar.edge.cli.output import Output, ended, open_output
from edge_cifar.edge.errors import PhotoError
from edge_cifar.edge.inference.classifier import Prediction, Ranked
from edge_cifar.edge.results.rows import Origin, Results

CAT = Prediction("cat", 0.75, (Ranked("cat", 0.75), Ranked("dog", 0.25)), "cat")
RESULTS: Results = [("a.png", CAT), ("two\nlines, b.png", PhotoError("damaged")), ("caf\udce9.png", CAT)]
ORIGIN = Origin("small.onnx", "0123456789abcdef", 0.5, tta=False, top=2)


def write(path: Path, results: Results, resume: bool = False, origin: Origin = ORIGIN, retry: bool = False) -> Output:
    output = open_output(path, resume, as_json=False, origin=origin, retry_errors=retry)
    with ended(output):
        output.write(results)
    return output
