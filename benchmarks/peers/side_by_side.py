"""`python -m edge_cifar.benchmarks.peers.side_by_side`: the same net in onnxruntime and in other runtimes.

Each peer runs in a process of its own, pinned to the same cores, and all take turns, one image at a time. Before any is
timed it must give the answers of our fp32 file on real images. Photos go the same way from file to label, with our
decoder and with others. Needs the extra [peers]; what the peers load is made once, with `--prepare`.
"""

import os
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from ...edge.cli.exit_status import reporting
from ...edge.data.datasets import DATA_HELP
from ...edge.files.atomic_write import check_replaceable, file_sha256, write_json, write_text
from ...edge.inference.on_dataset import load_for
from ...edge.machine.description import this_machine
from ...edge.model.contract import Model
from ..measure.bootstrap import Interval, median_interval
from ..measure.conditions import Watch
from ..measure.validity import judge
from .catalogue import MISSING, ON_RESNET8, OURS, PEERS, Net, Peer, batchnorm, convert, resnet8
from .options import Cores, Out, Prepare, Rounds, choose_cores
from .report import Failure, Row, in_words, markdown
from .take_turns import CALLS, IMAGES, compare_nets, compare_photos, say, spread

SCHEMA = 1  # of the JSON; raised when a key changes its meaning or goes away
RESULTS = Path("benchmarks/results/peers.json")
CALIBRATION = 512  # training images


def peers(
    data: Annotated[str, typer.Option(help=DATA_HELP)] = "cifar10",
    resnet8_at: Annotated[
        Path | None, typer.Option("--resnet8", help="Run folder or fp32 file of a ResNet-8, for rows of its own.")
    ] = None,
    prepare: Prepare = False,
    rounds: Rounds = 30,
    cores: Cores = None,
    out: Out = RESULTS,
) -> None:
    """Run one net in many runtimes and compare their latencies."""
    check_replaceable(out, out.with_suffix(".md"))
    chosen, machine, watch = choose_cores(cores), this_machine(), Watch()
    entries, failures = choose_entries(resnet8_at)
    if prepare:
        for net, own in entries:
            train = load_for(Model(net.fp32).card, data, "train")
            convert(net, own, spread(train, CALIBRATION).images[:], say)
    rows, failed = compare_nets(
        entries, lambda card: spread(load_for(card, data, "test"), IMAGES).images[:], chosen, rounds, watch
    )
    photos, failed_photos = compare_photos(batchnorm().int8, chosen[0], max(1, rounds // 2), watch)
    failed += failed_photos
    validity = judge(watch, os.cpu_count() or 1, intervals(rows))
    report = {
        "schema": SCHEMA,
        "machine": asdict(machine),
        "validity": asdict(validity),
        "cores": chosen,
        "rounds": rounds,
        "calls": CALLS,
        "models": {
            f"{net.name}: {path.name}": file_sha256(path) for net, _ in entries for path in (net.fp32, net.int8)
        },
        "rows": [asdict(row) for row in rows],
        "photos": [asdict(row) for row in photos],
        "failures": [asdict(failure) for failure in (*failures, *failed)],
    }
    write_json(out, report)
    facts = machine.describe() | {
        "method": f"medians of {rounds} rounds of {CALLS} calls in turns, a process each, pinned to the same cores",
        "onnxruntime": "by this package's runtime, whose threads sleep while they wait",
        "valid": "yes" if validity.valid else f"**no**: {'; '.join(validity.reasons)}",
    }
    page = markdown(facts, rows, photos, [*failures, *failed])
    write_text(out.with_suffix(".md"), page)
    typer.echo(page, nl=False)
    if failed:
        raise typer.Exit(1)


def choose_entries(resnet8_at: Path | None) -> tuple[list[tuple[Net, Sequence[Peer]]], list[Failure]]:
    """Return which peers run which nets, and what is left out. Raises EdgeCifarError where there is no ResNet-8."""
    entries: list[tuple[Net, Sequence[Peer]]] = [(batchnorm(), list(PEERS.values()))]
    missing = [Failure(name, why) for name, why in MISSING.items()]
    if resnet8_at is None:
        return entries, [*missing, Failure("resnet8", "--resnet8 was not given")]
    return [*entries, (resnet8(resnet8_at), [PEERS[name] for name in ON_RESNET8])], missing


def intervals(rows: Sequence[Row]) -> dict[str, Interval]:
    """Return the interval of each row's ratio to ours, by name."""
    ours = {(row.net, row.precision, row.threads): np.array(row.rounds) for row in rows if row.name in OURS.values()}
    return {
        f"{row.net}, {row.name}, {in_words(row.threads)}: ratio to ours": median_interval(
            np.array(row.rounds) / ours[row.net, row.precision, row.threads]
        )
        for row in rows
    }


if __name__ == "__main__":
    typer.run(reporting("peers")(peers))
