"""`python -m edge_cifar.benchmarks.robustness.protobuf_fuzz`: whether a checked file means the same to others.

What `edge/model/onnx_file.py` accepts, google.protobuf must read as the same model, to the last field, and so it must
when google.protobuf has written it again; and there must be nothing in it that the check is there to keep out. The
files come from `protobuf_cases`.
"""

import math
import struct
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Annotated, Any

import typer
from google.protobuf import __version__ as protobuf_version
from google.protobuf.internal import api_implementation
from google.protobuf.message import DecodeError
from onnx import ModelProto
from onnx import __version__ as onnx_version

from ...edge.cli.exit_status import reporting
from ...edge.files.atomic_write import check_replaceable, write_json
from ...edge.model.onnx_file import read_model
from ...edge.model.onnx_schema import TENSOR_DATA
from ...edge.model.protobuf import Message, RefusedError
from .protobuf_cases import changed, seed_models, take_apart

RESULT = Path(__file__).parents[1] / "results" / "protobuf_fuzz.json"
BLOCK = 1000  # cases of one random stream
ACCEPTED, REFUSED, DIFFERENT = "accepted", "refused", "different"
PACKED = TENSOR_DATA - {"raw_data"}  # written with nothing in them, they are not there
FORBIDDEN = {
    *("external_data", "functions", "training_info", "configuration", "device_configurations", "ref_attr_name"),
    *("g", "graphs", "sparse_tensor", "sparse_tensors", "sparse_initializer", "tensors", "tp", "type_protos"),
}


def protobuf_fuzz(
    cases: Annotated[int, typer.Option(help="Files to try.", min=1)] = 5_000_000,
    seed: Annotated[int, typer.Option(help="What the changes are drawn from.")] = 0,
    out: Annotated[Path, typer.Option(help="JSON file to write.")] = RESULT,
    keep: Annotated[Path | None, typer.Option(help="Folder to keep the files in that are read differently.")] = None,
) -> None:
    """Compare two readers on model files with unusual protobuf, and count what became of them."""
    check_replaceable(out)
    begin, counts = time.process_time(), Counter[str]()
    for index, data in enumerate(files(cases, seed)):
        outcome = compare(data)
        counts[outcome.split(":")[0]] += 1
        if outcome.startswith(DIFFERENT):
            typer.echo(f"seed {seed}, file {index}: {outcome}", err=True)
            if keep:
                keep.mkdir(parents=True, exist_ok=True)
                (keep / f"{seed}-{index}.onnx").write_bytes(data)
    result = {
        "command": f"python -m edge_cifar.benchmarks.robustness.protobuf_fuzz --cases {cases} --seed {seed}",
        "cases": cases,
        **{outcome: counts[outcome] for outcome in (ACCEPTED, REFUSED, DIFFERENT)},
        "cpu_seconds": round(time.process_time() - begin),
        "versions": {"onnx": onnx_version, "protobuf": protobuf_version, "reader": api_implementation.Type()},
    }
    write_json(out, result)
    typer.echo(", ".join(f"{key} {counts[key]:,}" for key in (ACCEPTED, REFUSED, DIFFERENT)))
    raise typer.Exit(1 if counts[DIFFERENT] else 0)


def files(cases: int, seed: int) -> Iterator[bytes]:
    """Yield as many serialised models, always the same for a seed."""
    seeds = [take_apart(model) for model in seed_models()]
    for index in range(cases):
        if index % BLOCK == 0:
            random = Random(seed << 32 | index // BLOCK)
        yield changed(random.choice(seeds), ModelProto.DESCRIPTOR, random)


def compare(data: bytes) -> str:
    """Return what became of a file: accepted, refused, or different with a reason behind a colon."""
    try:
        ours = read_model(data)
    except (ValueError, IndexError, RefusedError):
        return REFUSED
    except Exception as error:
        return f"{DIFFERENT}: {type(error).__name__}"
    try:
        theirs = ModelProto.FromString(data)
    except DecodeError:
        return f"{DIFFERENT}: they refuse it"
    size = theirs.ByteSize()
    theirs.DiscardUnknownFields()
    if theirs.ByteSize() != size:
        return f"{DIFFERENT}: they know fields of it that nobody does"
    try:
        again = read_model(theirs.SerializeToString())
    except (ValueError, IndexError, RefusedError) as error:
        return f"{DIFFERENT}: not accepted again ({error})"
    found = difference(ours, theirs) or difference(again, theirs)
    return f"{DIFFERENT}: {found}" if found else ACCEPTED


def difference(ours: Message, theirs: Any) -> str:
    """Return the first field that the two messages don't share, or nothing."""
    rest = {name for name, value in ours.items() if name not in PACKED or len(value)}
    for descriptor, value in theirs.ListFields():
        name: str = descriptor.name
        if name in FORBIDDEN or (name == "data_location" and value):
            return f"{name} is there"
        if descriptor.containing_oneof and descriptor.containing_type.name == "Dimension":
            name = descriptor.containing_oneof.name
        if name not in rest:
            return f"{name} is theirs alone"
        rest.remove(name)
        pairs = zip(ours[name], value, strict=False) if descriptor.is_repeated else ((ours[name], value),)
        if descriptor.is_repeated and len(ours[name]) != len(value):
            return f"{name} is longer"
        for mine, other in pairs:
            if descriptor.message_type:
                if inner := difference(mine, other):
                    return f"{name}.{inner}"
            elif _plain(mine) != _plain(other):
                return name
    return ", ".join(sorted(rest))


def _plain(value: object) -> object:
    """Return what is compared: floats by their bits, but one NaN as another, and texts never equal to bytes."""
    if isinstance(value, float):
        return b"NaN" if math.isnan(value) else struct.pack("<d", value)
    return bytes(value) if isinstance(value, memoryview) else value


if __name__ == "__main__":
    typer.run(reporting("protobuf_fuzz")(protobuf_fuzz))
