"""`python -m edge_cifar.benchmarks.runtime.session_settings`: what onnxruntime's settings cost, in fresh processes.

Memory arena or none, threads that spin or sleep while they wait, one thread or two, alone or while others work.
"""

import json
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack
from itertools import product
from pathlib import Path
from statistics import median
from typing import Annotated, Any

import numpy as np
import typer

from ...edge.cli.exit_status import reporting
from ...edge.model.golden_logits import golden_images
from ...edge.model.onnxruntime_loader import load_onnxruntime
from ...edge.model.shipped_models import MODEL_HELP, SHIPPED_DEFAULT, model_file
from ..measure.process_memory import resident_bytes

CALLS = {1: 400, 32: 40}  # by images in a batch
BUSY = (sys.executable, "-c", "while True: pass")


def settings(
    model: Annotated[Path, typer.Option(help=MODEL_HELP, parser=model_file, metavar="MODEL")] = SHIPPED_DEFAULT,
    rounds: Annotated[int, typer.Option(help="Fresh processes of each kind, in turns.", min=1)] = 5,
    busy: Annotated[int, typer.Option(help="Processes that work at the same time.", min=0)] = 0,
) -> None:
    """Print a line for each setting: medians over the processes."""
    kinds = [
        {"model": str(model), "arena": arena, "spin": spin, "threads": threads, "batch": batch}
        for batch, threads, arena, spin in product(CALLS, (1, 2), (True, False), (False, True))
    ]
    with ExitStack() as stack:
        for _ in range(busy):
            stack.callback(stack.enter_context(subprocess.Popen(BUSY)).kill)
        results = [[_in_fresh_process(kind) for kind in kinds] for _ in range(rounds)]
    typer.echo(f"{model}, medians of {rounds} processes, {busy} others busy")
    typer.echo("batch threads arena  spin   p50 ms  p90 ms  grown MB")
    for kind, own in zip(kinds, zip(*results, strict=True), strict=True):
        middle = [f"{median(result[name] for result in own):.3f}" for name in ("p50", "p90")]
        grown = median(result["grown"] for result in own) / 1e6
        words = [str(kind["batch"]), str(kind["threads"]), _word(kind["arena"]), _word(kind["spin"]), *middle]
        typer.echo("{:>5} {:>7} {:>5} {:>5} {:>8} {:>7}".format(*words) + f" {grown:9.1f}")


def _word(on: object) -> str:
    return "on" if on else "off"


def _in_fresh_process(kind: dict[str, Any]) -> dict[str, float]:
    command = [sys.executable, "-m", __spec__.name, "child", json.dumps(kind)]
    result: dict[str, float] = json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout)
    return result


def _child(kind: dict[str, Any]) -> None:
    """Open a session with the settings of `kind`, run it, print percentiles in ms and the memory it took in bytes."""
    onnxruntime = load_onnxruntime()
    before = resident_bytes()
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = kind["threads"]
    options.enable_cpu_mem_arena = kind["arena"]
    options.add_session_config_entry("session.intra_op.allow_spinning", str(int(kind["spin"])))
    session = onnxruntime.InferenceSession(kind["model"], options, providers=["CPUExecutionProvider"])
    images = np.resize(golden_images(32), (kind["batch"], 32, 32, 4))
    seconds = _timed(lambda: session.run(None, {"image": images}), CALLS[kind["batch"]])
    p50, p90 = (float(value) for value in np.percentile(np.array(seconds) * 1000, [50, 90]))
    sys.stdout.write(json.dumps({"p50": p50, "p90": p90, "grown": resident_bytes() - before}))


def _timed(run: Any, calls: int) -> Sequence[float]:
    """Return the seconds of each call after a tenth of them for warming up."""
    seconds = []
    for _ in range(calls + calls // 10):
        started = time.perf_counter()
        run()
        seconds.append(time.perf_counter() - started)
    return seconds[calls // 10 :]


if __name__ == "__main__":
    if sys.argv[1:2] == ["child"]:
        _child(json.loads(sys.argv[2]))
    else:
        typer.run(reporting("settings")(settings))
