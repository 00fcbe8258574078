"""`python -m edge_cifar.benchmarks.portability.counterexamples`: whether the rules of the proof are the right ones.

Each emulated CPU runs nets that each break one rule (`counterexample_nets`), their twins that keep it, and the int8
files that ship. A net that breaks a rule must not be called proven, and should differ somewhere. All that is proven
must give the same bits everywhere, and the graph that onnxruntime makes of it must be proven everywhere: it is read
back from every CPU, with the newest onnxruntime and the oldest. All is compared with the host.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import onnx
import typer

from ...edge.cli.exit_status import reporting
from ...edge.files.atomic_write import write_json, write_text
from ...edge.machine.description import this_machine
from ...edge.model.contract import INPUT
from ...edge.model.golden_logits import golden_images
from ...edge.model.shipped_models import FAMILY, model_file
from ...export.proof.portability import Portability, portability
from ...export.proof.prove_graph import findings
from .counterexample_nets import examples
from .emulated import (
    ALL_CPUS,
    BOTH_STACKS,
    CpusOption,
    FetchOption,
    OrtOption,
    OutOption,
    conclude,
    each_cpu,
    make_ready,
    run_child,
)
from .emulators import qemu_version
from .example_net import Array, pixels

SCHEMA = 1  # of the JSON; raised when a key changes its meaning or goes away
CHILD = "edge_cifar.benchmarks.portability.counterexamples_child"
HEADER = "| net | rule | said of it | differs on | the same net within the rule |\n|---|---|---|---|---|"


@dataclass(frozen=True)
class Answered:
    """What a CPU answers to a net, and the reasons to doubt the graph that it runs, none when that is proven."""

    output: Array
    doubts: tuple[str, ...]
    operators: tuple[str, ...]  # of the graph that it runs, in order


@dataclass(frozen=True)
class Row:
    """A net on all CPUs: what is said of it, and where it answers otherwise than the host, or runs another graph."""

    net: str
    rule: str
    promise: str
    differs: tuple[str, ...]
    doubts: tuple[str, ...]
    other_graph: tuple[str, ...]


def counterexamples(
    cpus: CpusOption = ALL_CPUS,
    ort: OrtOption = BOTH_STACKS,
    fetch: FetchOption = False,
    out: OutOption = None,
) -> None:
    """Run nets that break a rule of the proof, and nets that keep it, on emulated CPUs."""
    names, stacks = make_ready(cpus, ort, fetch, out)
    models, shown = nets()
    rows = measure(names, stacks, models, shown)
    found = problems(rows)
    if out:
        facts = {"host": this_machine().cpu, "qemu": qemu_version(), "cpus": ", ".join(names), "onnxruntime": ort}
        write_json(out, {"schema": SCHEMA, **facts, "rows": [asdict(row) for row in rows], "problems": found})
        write_text(out.with_suffix(".md"), markdown({**facts, "date": this_machine().date}, found, rows))
    conclude(table(rows), found)


def nets() -> tuple[dict[str, onnx.ModelProto], dict[str, Array]]:
    """Return the models by name, and what each is shown: counter-examples, their twins and the shipped files."""
    models = {}
    for name, example in examples().items():
        models[f"broken/{name}"] = example.broken
        if example.sound is not None:
            models[f"sound/{name}"] = example.sound
    shown = {name: pixels(model) for name, model in models.items()}
    for shipped in FAMILY:
        model = onnx.load(model_file(shipped))
        size = next(entry for entry in model.graph.input if entry.name == INPUT).type.tensor_type.shape.dim[1].dim_value
        models[f"shipped/{shipped}"], shown[f"shipped/{shipped}"] = model, golden_images(size)
    return models, shown


def measure(
    names: Sequence[str], stacks: Sequence[str], models: Mapping[str, onnx.ModelProto], shown: Mapping[str, Array]
) -> list[Row]:
    """Ask every CPU with every stack, and compare with the first. Raises EdgeCifarError when one fails."""
    answers: dict[str, dict[str, Answered]] = {}
    for name, stack in each_cpu(names, stacks):
        answers[f"{name} ({stack})"] = ask(name, stack, models, shown)
    rules = {f"{kind}/{name}": example.rule for name, example in examples().items() for kind in ("broken", "sound")}
    return [_row(net, rules.get(net, ""), model, answers) for net, model in models.items()]


def ask(
    name: str, stack: str, models: Mapping[str, onnx.ModelProto], shown: Mapping[str, Array]
) -> dict[str, Answered]:
    """Return a CPU's answer to each model that it can run."""
    with TemporaryDirectory() as work:
        folder = Path(work)
        for i, (net, model) in enumerate(models.items()):
            onnx.save(model, folder / f"{i}.onnx")
            np.save(folder / f"{i}.npy", shown[net])
        run_child(name, stack, folder, CHILD)
        ran = {net: folder / str(i) for i, net in enumerate(models) if (folder / f"{i}.answer.npy").exists()}
        return {net: _answered(path) for net, path in ran.items()}


def problems(rows: Sequence[Row]) -> list[str]:
    """Return a line for everything that is not as it must be, none when all is well."""
    known = examples()
    lines = []
    for row in rows:
        kind, name = row.net.split("/")
        proven = row.promise == Portability.PROVEN
        if kind == "broken" and proven:
            lines.append(f"{row.net}: called proven")
        if kind == "broken" and known[name].differs and not row.differs:
            lines.append(f"{row.net}: answers alike everywhere; this run would not have noticed a difference")
        if kind != "broken" and (not proven or row.differs or row.doubts):
            places = ", ".join((*row.differs, *row.doubts))
            lines.append(f"{row.net}: {'proven' if proven else 'not proven'}, yet: {places}")
    return lines


def markdown(facts: Mapping[str, str], found: Sequence[str], rows: Sequence[Row]) -> str:
    """Return a page: what it was measured on, what is not as it must be, and the table."""
    lines = ["# Nets that break a rule of the proof", "", *(f"- {topic}: {words}" for topic, words in facts.items())]
    lines += [f"- **problem**: {line}" for line in found] or ["- problems: none"]
    return "\n".join(lines) + "\n\n" + table(rows) + "\n"


def table(rows: Sequence[Row]) -> str:
    """Return the counter-examples as a table, then what is proven of the shipped files."""
    by_name = {row.net: row for row in rows}
    lines = [HEADER]
    for row in rows:
        kind, name = row.net.split("/")
        if kind == "broken":
            sound = by_name.get(f"sound/{name}")
            differs = ", ".join(row.differs) or "none of these"
            lines.append(f"| {name} | {row.rule} | {row.promise} | {differs} | {_verdict(sound)} |")
    shipped = [f"- {row.net}: {_verdict(row)}" for row in rows if row.net.startswith("shipped/")]
    return "\n".join([*lines, "", *shipped])


def _verdict(row: Row | None) -> str:
    if row is None:
        return ""
    where = f"differs on {', '.join(row.differs)}" if row.differs else "same bits on all"
    doubts = f", not proven where it runs: {'; '.join(row.doubts)}" if row.doubts else ", proven as it runs on each"
    other = f" (another graph on {', '.join(row.other_graph)})" if row.other_graph else ""
    return where + doubts + other


def _row(net: str, rule: str, model: onnx.ModelProto, answers: Mapping[str, Mapping[str, Answered]]) -> Row:
    mine = {place: answered[net] for place, answered in answers.items() if net in answered}
    unheard = [f"{place}: does not run" for place in answers if place not in mine]
    reference = next(iter(mine.values()))
    return Row(
        net=net,
        rule=rule,
        promise=portability(model),
        differs=tuple(place for place, answer in mine.items() if not _identical(answer.output, reference.output)),
        doubts=(*unheard, *(f"{place}: {doubt}" for place, answer in mine.items() for doubt in answer.doubts)),
        other_graph=tuple(place for place, answer in mine.items() if answer.operators != reference.operators),
    )


def _answered(path: Path) -> Answered:
    rewritten = onnx.load(path.with_suffix(".rewritten"))
    doubts = [f"{name}: {finding.reason}" for name, finding in findings(rewritten) if finding.verdict]
    output = np.load(path.with_suffix(".answer.npy"), allow_pickle=False)
    return Answered(output, tuple(doubts), tuple(node.op_type for node in rewritten.graph.node))


def _identical(one: Array, other: Array) -> bool:
    return one.tobytes() == other.tobytes()


if __name__ == "__main__":
    typer.run(reporting("counterexamples")(counterexamples))
