"""`python -m edge_cifar.benchmarks.robustness.model_fuzz`: damaged model files are refused, or harmless.

Each file is a shipped model with a few bits turned, bytes changed, pieces cut out, doubled or cut off. First as it is:
the checksum must refuse it. Then sealed again, as somebody would who means harm: what onnxruntime makes of it then is
up to the checks before it. All of it in child processes with limits of memory and time, so that one that dies or
hangs is seen, and counted.
"""

import resource
import signal
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random
from typing import Annotated

import numpy as np
import typer

from ...edge.cli.exit_status import reporting
from ...edge.errors import ModelError
from ...edge.model.contract import Model
from ...edge.model.golden_logits import golden_images
from ...edge.model.onnx_file import SEAL_KEY, UNSEALED, read_onnx, seal
from ...edge.model.shipped_models import SHIPPED

MODELS = sorted(path.name for path in SHIPPED.glob("*.onnx"))
SECONDS = 20  # that a file may take
MEMORY = 4 * 2**30  # bytes of address space that a child may take
BATCH = 500  # files that a child tries
REFUSED = "refused"
FAILURES = DIED, ESCAPED = "DIED", "ESCAPED"


def model_fuzz(
    files: Annotated[int, typer.Option(help="Damaged files of each kind.", min=1)] = 10_000,
    seed: Annotated[int, typer.Option(help="What the damage is drawn from.")] = 0,
    keep: Annotated[Path | None, typer.Option(help="Folder to keep the files in that did harm.")] = None,
) -> None:
    """Try damaged model files in child processes, and count what became of them."""
    failed = 0
    for again in (False, True):
        outcomes: Counter[str] = Counter()
        for index, outcome in try_files(range(files), seed, again):
            outcomes[outcome] += 1
            if outcome.startswith(FAILURES):
                failed += 1
                typer.echo(f"seed {seed}, file {index}: {outcome}", err=True)
                if keep:
                    keep.mkdir(parents=True, exist_ok=True)
                    (keep / f"{seed}-{index}.onnx").write_bytes(damaged(seed, index, again))
        counts = ", ".join(f"{outcome} {count:,}" for outcome, count in outcomes.most_common())
        typer.echo(f"{files:,} files {'sealed again' if again else 'as they are'}: {counts}")
    raise typer.Exit(1 if failed else 0)


def try_files(indices: Sequence[int], seed: int, again: bool) -> Iterator[tuple[int, str]]:
    """Yield (index, outcome) of each damaged file, tried in child processes of at most `BATCH` files."""
    rest = list(indices)
    while rest:
        batch = rest[:BATCH]
        command = [sys.executable, "-m", __spec__.name, "child", str(seed), str(int(again))]
        numbers = "".join(f"{index}\n" for index in batch)
        child = subprocess.run(command, input=numbers, stdout=subprocess.PIPE, text=True, check=False)
        outcomes = child.stdout.splitlines()
        if len(outcomes) < len(batch):
            code = child.returncode
            outcomes.append(f"{DIED} ({signal.Signals(-code).name if code < 0 else f'exit {code}'})")
        yield from zip(batch, outcomes, strict=False)
        rest = rest[len(outcomes) :]


def damaged(seed: int, index: int, again: bool) -> bytes:
    """Return a damaged file, always the same for the same arguments; `again`: with a seal that fits."""
    random = Random(f"{seed} {index}")
    path = SHIPPED / MODELS[index % len(MODELS)]
    data, onnx_file = read_onnx(path)
    if not again:
        return _damage(data, random, range(len(data)))
    data = data.replace(onnx_file.metadata[SEAL_KEY].encode(), UNSEALED.encode())
    changed = _damage(data, random, _structure(data) if random.random() < 0.8 else range(len(data)))
    return seal(changed) if changed.count(UNSEALED.encode()) == 1 else changed


def _structure(data: bytes) -> Sequence[int]:
    """Return the places that are not within large runs of weights: the graph, its names, shapes and attributes."""
    from onnx import load_from_string  # of the extra [train]; it shows where the weights lie

    places = np.ones(len(data), dtype=bool)
    for tensor in load_from_string(data).graph.initializer:
        if len(tensor.raw_data) > 64:
            start = data.index(tensor.raw_data)
            places[start : start + len(tensor.raw_data)] = False
    found: Sequence[int] = np.flatnonzero(places).tolist()
    return found


def _damage(data: bytes, random: Random, places: Sequence[int]) -> bytes:
    """Return `data` with one kind of damage, at a few of the places."""
    changed = bytearray(data)
    kind = random.choice(("bits", "bits", "bits", "bytes", "cut", "cut out", "doubled"))
    if kind == "cut":
        return data[: random.randrange(len(data))]
    for _ in range(random.choice((1, 1, 2, 4, 16))):
        place, length = random.choice(places), random.randrange(1, 16)
        if kind == "bits":
            changed[place % len(changed)] ^= 1 << random.randrange(8)
        elif kind == "bytes":
            changed[place % len(changed)] = random.choice((0, 1, 0x7F, 0x80, 0xFF, random.randrange(256)))
        elif kind == "cut out":
            del changed[place : place + length]
        else:
            changed[place:place] = changed[place : place + length]
    return bytes(changed)


def child(seed: int, again: bool) -> None:
    """Try the files whose numbers come on stdin, a word for each on stdout; dies with the first that kills it."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    pixels = golden_images(32)[:2]
    expected = [Model(SHIPPED / name, 1).logits(pixels) for name in MODELS]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.onnx"
        for index in map(int, sys.stdin.read().split()):
            path.write_bytes(damaged(seed, index, again))
            signal.alarm(SECONDS)  # by default the end of the process
            try:
                logits = Model(path, 1).logits(pixels)
                outcome = "same logits" if np.array_equal(logits, expected[index % len(MODELS)]) else "other logits"
            except ModelError:
                outcome = REFUSED
            except Exception as error:
                outcome = f"{ESCAPED} as {type(error).__name__}"
            signal.alarm(0)
            sys.stdout.write(f"{outcome}\n")
            sys.stdout.flush()


if __name__ == "__main__":
    if sys.argv[1:2] == ["child"]:
        child(int(sys.argv[2]), sys.argv[3] == "1")
    else:
        typer.run(reporting("model_fuzz")(model_fuzz))
