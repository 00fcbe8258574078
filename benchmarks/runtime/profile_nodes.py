"""`python -m edge_cifar.benchmarks.runtime.profile_nodes MODEL`: where a model's time goes, node by node.

onnxruntime optimises a graph when it loads it, and its profiler names the nodes that are left. Its timings are whole
microseconds and take some time themselves, so each node's cost is also told without it: what the graph takes when it
ends behind the node, less what it takes when it ends before. For an int8 convolution with a window there is a floor:
the same products and the same kernel on a 1 x 1 window, whose pixels onnxruntime need not gather. Needs the extra
[train] for cutting graphs.
"""

import json
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

from ...edge.cli.exit_status import reporting
from ...edge.files.atomic_write import check_replaceable, file_sha256, write_json, write_text
from ...edge.machine.description import this_machine
from ...edge.model.contract import INPUT, Model
from ...edge.model.golden_logits import golden_images
from ...edge.model.onnxruntime_loader import load_onnxruntime
from ...edge.model.shipped_models import MODEL_HELP, SHIPPED_DEFAULT, model_file
from ...edge.stats.paired_timing import Task, time_in_turns

SCHEMA = 1  # of the JSON
CALLS = 60  # a turn
NODE = "_kernel_time"  # how the profiler ends the names of a node's own time


@dataclass(frozen=True)
class Node:
    """A node of the optimised graph, in order; times are medians in microseconds.

    `macs` are its multiply-accumulates, `cost` what it adds to a run, `profiled` what the profiler says, and `floor`
    what an int8 convolution's products would cost alone, None for other nodes.
    """

    name: str
    kind: str
    output: list[int]  # shape, for one image
    macs: int
    cost: float
    profiled: float
    floor: float | None


def profile_nodes(
    model: Annotated[Path, typer.Argument(help=MODEL_HELP, parser=model_file, metavar="MODEL")] = SHIPPED_DEFAULT,
    rounds: Annotated[int, typer.Option(help="Turns that each cut of the graph gets.", min=1)] = 30,
    out: Annotated[Path | None, typer.Option(help="JSON file to write, and the table beside it as .md.")] = None,
) -> None:
    """Print what each node of a model costs, one image on one thread."""
    if out:
        check_replaceable(out, out.with_suffix(".md"))
    size = Model(model, threads=1).card.size  # checked before onnxruntime reads it
    images = [image[np.newaxis] for image in golden_images(size)]
    with tempfile.TemporaryDirectory() as work:
        optimised, profiled = profile(model, images, Path(work))
        empty, nodes = measure(optimised, profiled, images, rounds)
    machine = this_machine()
    facts = {**machine.describe(), "model": f"{model.name} (SHA-256 {file_sha256(model)})"}
    page = markdown(facts, empty, nodes)
    if out:
        report = {
            "schema": SCHEMA,
            "machine": asdict(machine),
            "model": facts["model"],
            "rounds": rounds,
            "empty": empty,
        }
        write_json(out, {**report, "nodes": [asdict(node) for node in nodes]})
        write_text(out.with_suffix(".md"), page)
    typer.echo(page, nl=False)


def profile(model: Path, images: Sequence[Any], work: Path) -> tuple[Any, dict[str, float]]:
    """Return the graph that onnxruntime makes of a model, and the microseconds of its nodes by name, as profiled."""
    import onnx

    onnxruntime = load_onnxruntime()
    options = _options()
    options.enable_profiling, options.profile_file_prefix = True, str(work / "profile")
    options.optimized_model_filepath = str(work / "optimised.onnx")
    session = onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
    for call in range(10 * CALLS):
        session.run(None, {INPUT: images[call % len(images)]})
    events = json.loads(Path(session.end_profiling()).read_text())
    durations: dict[str, list[float]] = {}
    for event in events:
        if event["name"].endswith(NODE):
            durations.setdefault(event["name"].removesuffix(NODE), []).append(event["dur"])
    return onnx.load(work / "optimised.onnx"), {name: float(np.median(own)) for name, own in durations.items()}


def measure(model: Any, profiled: dict[str, float], images: Sequence[Any], rounds: int) -> tuple[float, list[Node]]:
    """Return the microseconds of a call that computes nothing, and the nodes of an optimised graph."""
    nodes, weights = model.graph.node, {tensor.name: list(tensor.dims) for tensor in model.graph.initializer}
    cuts = [open_graph(_empty(model)), *(open_graph(_cut(model, count)) for count in range(1, len(nodes) + 1))]
    shapes = [list(session.run(None, {INPUT: images[0]})[0].shape) for session in cuts[1:]]
    floors = {
        index: _pointwise(model, node, shape)
        for index, (node, shape) in enumerate(zip(nodes, shapes, strict=True))
        if node.op_type == "QLinearConv" and np.prod(weights[node.input[3]][2:]) > 1
    }
    tasks = [*(_task(session, images) for session in cuts), *(_task(*floor) for floor in floors.values())]
    by_round = [1e6 * np.median(own, axis=1) for own in time_in_turns(tasks, rounds, CALLS)]  # (rounds,) each
    ends, empty = by_round[: len(cuts)], by_round[0]
    floor_costs = {
        index: float(np.median(own - empty)) for index, own in zip(floors, by_round[len(cuts) :], strict=True)
    }
    return float(np.median(empty)), [
        Node(
            name=node.name,
            kind=node.op_type,
            output=shapes[index],
            macs=_macs(node, shapes[index], weights),
            cost=float(np.median(ends[index + 1] - ends[index])),
            profiled=profiled.get(node.name, 0.0),
            floor=floor_costs.get(index),
        )
        for index, node in enumerate(nodes)
    ]


def markdown(facts: dict[str, str], empty: float, nodes: Sequence[Node]) -> str:
    """Return a page with the nodes as a table."""
    total, floor = empty + sum(node.cost for node in nodes), empty + sum(_least(node) for node in nodes)
    lines = ["# Where the time goes, node by node", "", *(f"- {topic}: {words}" for topic, words in facts.items())]
    lines += [
        "",
        "| node | output | M MACs | us | share | G MACs/s | floor, us | profiler, us |",
        "|---|---|" + "---:|" * 6,
    ]
    lines.append(f"| a call that computes nothing | | | {empty:.1f} | {empty / total:.1%} | | | |")
    for node in nodes:
        rate = f"{node.macs / node.cost / 1000:.0f}" if node.macs and node.cost > 1 else ""
        macs = f"{node.macs / 1e6:.2f}" if node.macs else ""
        least = "" if node.floor is None else f"{node.floor:.1f}"
        cells = [node.kind, " x ".join(map(str, node.output)), macs, f"{node.cost:.1f}", f"{node.cost / total:.1%}"]
        lines.append(f"| {' | '.join([*cells, rate, least, f'{node.profiled:.0f}'])} |")
    products = sum(node.macs for node in nodes) / 1e6
    lines.append(f"| all | | {products:.2f} | {total:.1f} | 100.0% | {1000 * products / total:.0f} | {floor:.1f} | |")
    lines += [
        "",
        "us: what a node adds to a run of one image, medians of runs that end behind it and before it. floor: the same "
        "products in a convolution of window 1 x 1, so without the gathering of windows. profiler: what onnxruntime's "
        "own profiler says, which takes time itself.",
    ]
    return "\n".join(lines) + "\n"


def open_graph(model: Any) -> Any:
    """Return a session of an optimised graph as it is, on one thread."""
    onnxruntime, options = load_onnxruntime(), _options()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    return onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])


def _task(session: Any, images: Sequence[Any]) -> Task:
    [taken] = session.get_inputs()
    return lambda call: session.run(None, {taken.name: images[call % len(images)]})


def _least(node: Node) -> float:
    return node.cost if node.floor is None else node.floor


def _options() -> Any:
    options = load_onnxruntime().SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 4
    return options


def _cut(model: Any, count: int) -> Any:
    """Return the model with the first `count` nodes, which gives the output of the last of them."""
    import onnx

    cut = onnx.ModelProto()
    cut.CopyFrom(model)
    del cut.graph.node[count:]
    del cut.graph.output[:]
    cut.graph.output.append(onnx.ValueInfoProto(name=cut.graph.node[-1].output[0]))
    return cut


def _empty(model: Any) -> Any:
    """Return a model with the same input that gives one of its sides."""
    import onnx

    empty = _cut(model, 1)
    del empty.graph.node[:]
    empty.graph.node.append(onnx.helper.make_node("Shape", [INPUT], [empty.graph.output[0].name], "shape"))
    return empty


def _pointwise(model: Any, conv: Any, output: Sequence[int]) -> tuple[Any, list[Any]]:
    """Return a session of the 1 x 1 convolution with a convolution's products, channels last, and an input for it."""
    from onnx import TensorProto, ValueInfoProto, helper, numpy_helper

    arrays = {tensor.name: numpy_helper.to_array(tensor) for tensor in model.graph.initializer}
    weight = arrays[conv.input[3]]
    arrays[conv.input[3]] = weight.transpose(0, 2, 3, 1).reshape(len(weight), -1, 1, 1)
    node = helper.make_node(
        conv.op_type, list(conv.input), ["output"], domain=conv.domain, channels_last=1, kernel_shape=[1, 1]
    )
    shape = [*output[:-1], int(np.prod(weight.shape[1:]))]
    constants = [numpy_helper.from_array(np.ascontiguousarray(arrays[name]), name) for name in conv.input[1:]]
    taken = helper.make_tensor_value_info(conv.input[0], TensorProto.UINT8, shape)
    graph = helper.make_graph([node], "floor", [taken], [ValueInfoProto(name="output")], constants)
    opsets = [helper.make_opsetid(opset.domain, opset.version) for opset in model.opset_import]
    floor = helper.make_model(graph, opset_imports=opsets, ir_version=model.ir_version)
    return open_graph(floor), [np.random.RandomState(0).randint(0, 256, shape).astype(np.uint8)]


def _macs(node: Any, output: Sequence[int], weights: dict[str, list[int]]) -> int:
    """Return the multiply-accumulates of a convolution or dense layer for one image."""
    if node.op_type not in ("QLinearConv", "QGemm", "Conv", "Gemm"):
        return 0
    weight = next(dims for name in node.input if len(dims := weights.get(name, [])) > 1)
    return int(np.prod(weight[1:]) * np.prod(output))


if __name__ == "__main__":
    typer.run(reporting("profile_nodes")(profile_nodes))
