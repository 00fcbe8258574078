"""`python -m edge_cifar.benchmarks.peers.foreign_nets FOLDER --data PHOTOS`: somebody else's net in other runtimes.

`FOLDER` is what `edge-cifar export FILE --quantize` made of it, with its default photos of `PHOTOS`: every peer's own
tool calibrates on the same ones, and the answers are compared on those that the export keeps for its last test. Each
peer runs in a process of its own, as in `side_by_side`. All but onnxruntime need the extra [peers].
"""

import os
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from ...edge.cli.exit_status import reporting
from ...edge.errors import EdgeCifarError
from ...edge.files.atomic_write import check_replaceable, file_sha256, write_json, write_text
from ...edge.machine.description import this_machine
from ...edge.model.contract import Model
from ...export.pipeline.foreign_data import Splits, load_foreign_data
from ...export.pipeline.foreign_source import MOST
from ...export.quantization.accuracy_ladder import Budget
from ..measure.conditions import Watch
from ..measure.validity import judge
from .catalogue import ON_OTHERS, PEERS, Net, convert
from .options import Cores, Out, Prepare, Rounds, choose_cores
from .report import markdown
from .side_by_side import intervals
from .take_turns import compare_nets, say

SCHEMA = 1  # of the JSON
RESULTS = Path("benchmarks/results/peers-foreign.json")
JUDGED = 200  # photos
CALLS = 20  # a turn


def foreign_nets(
    folders: Annotated[list[Path], typer.Argument(help="What `edge-cifar export --quantize` made of a net.")],
    data: Annotated[str, typer.Option(help="Folder of the photos that it was exported with.")],
    prepare: Prepare = False,
    rounds: Rounds = 20,
    cores: Cores = None,
    out: Out = RESULTS,
) -> None:
    """Run somebody else's nets in many runtimes and compare their latencies and answers."""
    check_replaceable(out, out.with_suffix(".md"))
    chosen, machine, watch = choose_cores(cores), this_machine(), Watch()
    nets = [exported_net(folder) for folder in folders]
    photos = {net.name: photos_of(net, data) for net in nets}
    entries = [(net, [PEERS[name] for name in ON_OTHERS]) for net in nets]
    if prepare:
        for net, own in entries:
            convert(net, own, photos[net.name].train.images[:], say)
    rows, failures = compare_nets(
        entries, lambda card: photos[card.net].test.images[:JUDGED], chosen, rounds, watch, CALLS
    )
    validity = judge(watch, os.cpu_count() or 1, intervals(rows))
    report = {
        "schema": SCHEMA,
        "machine": asdict(machine),
        "validity": asdict(validity),
        "cores": chosen,
        "rounds": rounds,
        "calls": CALLS,
        "models": {f"{net.name}: {path.name}": file_sha256(path) for net in nets for path in (net.fp32, net.int8)},
        "rows": [asdict(row) for row in rows],
        "failures": [asdict(failure) for failure in failures],
    }
    write_json(out, report)
    facts = machine.describe() | {
        "method": f"medians of {rounds} rounds of {CALLS} calls in turns, a process each, pinned to the same cores",
        "photos": f"of {Path(data).name}, dealt out as by `export`: all int8 files were calibrated on the same",
        "valid": "yes" if validity.valid else f"**no**: {'; '.join(validity.reasons)}",
    }
    page = markdown(facts, rows, [], failures)
    write_text(out.with_suffix(".md"), page)
    typer.echo(page, nl=False)


def exported_net(folder: Path) -> Net:
    """Return the net of an export's folder. Raises EdgeCifarError when a file of it is missing."""
    fp32, int8 = folder / "model.fp32.onnx", folder / "model.int8.onnx"
    for path in (fp32, int8):
        if not path.is_file():
            raise EdgeCifarError(f"{path} is not there; export the net with --quantize")
    return Net(Model(fp32).card.net, fp32, int8)


def photos_of(net: Net, data: str) -> Splits:
    """Return the photos of `data` as `export` deals them out by its defaults, without labels. Raises DataError."""
    card, budget = Model(net.fp32).card, Budget()
    return load_foreign_data(
        data,
        card.labels,
        card.preprocessing,
        calibration=budget.sample_size,
        most=MOST,
        seed=budget.sample_seed,
        unlabelled=True,
    )


if __name__ == "__main__":
    typer.run(reporting("foreign_nets")(foreign_nets))
