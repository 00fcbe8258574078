"""Letting peers take turns: nets on real images, and ways from a photo to its label."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import numpy.typing as npt
import typer

from ...edge.data.datasets import stratified_sample
from ...edge.data.labelled_images import LabelledImages
from ...edge.data.synthetic_shapes import PHOTO_SIZE, write_photos
from ...edge.errors import EdgeCifarError
from ...edge.model.card import ModelCard
from ...edge.model.contract import Logits, Model
from ...edge.photos.contract import Pixels
from ...edge.stats.paired_timing import Seconds, latency, ratio
from ..measure.conditions import Watch
from ..photo_path.throughput import LARGE, write_large
from .catalogue import OURS, PEERS, Net, Peer
from .photo_ways import WAYS
from .process import Finished, race
from .report import Agreement, Failure, PhotoRow, Row, agreement, in_words
from .runtimes import RUNTIMES

IMAGES = 1000  # test images that every peer answers before it is timed
BATCH = 32
CALLS = 100  # a turn
LARGE_CALLS, SMALL_CALLS = 4, 20  # a turn, of photos
OUR_WAY = next(iter(WAYS))

Key = tuple[str, str]
"""A net and a peer, by name."""


def compare_nets(
    entries: Sequence[tuple[Net, Sequence[Peer]]],
    pixels_for: Callable[[ModelCard], Pixels],
    cores: Sequence[int],
    rounds: int,
    watch: Watch,
    calls: int = CALLS,
) -> tuple[list[Row], list[Failure]]:
    """Let the peers of all nets take turns of `calls` images, on the first of `cores` and then on one more.

    `pixels_for` returns the images for a net. Raises EdgeCifarError.
    """
    rows: list[Row] = []
    failures: list[Failure] = []
    with TemporaryDirectory() as work:
        inputs = {net.name: Path(work) / f"{net.name}.npy" for net, _ in entries}
        references = {net.name: _answer(net, pixels_for, inputs[net.name]) for net, _ in entries}
        for threads in range(1, len(cores) + 1):
            used = in_words(threads)
            say(used)
            requests: dict[Key, dict[str, Any]] = {}
            for net, own in entries:
                for peer in own:
                    try:
                        requests[net.name, peer.name] = _request(peer, net, cores[:threads], inputs[net.name])
                    except EdgeCifarError as error:
                        failures.append(Failure(f"{net.name}, {peer.name}, {used}", str(error)))
            with watch.phase(used, waits=True):
                found, failed = _race(requests, references, rounds, calls)
            rows += _rows(found, references, threads)
            failures += [Failure(f"{net}, {name}, {used}", message) for (net, name), message in failed.items()]
    return rows, failures


def compare_photos(model: Path, core: int, rounds: int, watch: Watch) -> tuple[list[PhotoRow], list[Failure]]:
    """Let the ways from a photo to its label take turns, on large JPEGs and on those of ordinary size."""
    rows: list[PhotoRow] = []
    failures: list[Failure] = []
    with TemporaryDirectory() as work:
        kinds = {
            f"JPEGs of {LARGE[0]} x {LARGE[1]}": (write_large(Path(work) / "large", 4), LARGE_CALLS),
            f"JPEGs of {PHOTO_SIZE[0]} x {PHOTO_SIZE[1]}": (write_photos(Path(work) / "small", 1, seed=0), SMALL_CALLS),
        }
        for kind, (photos, calls) in kinds.items():
            say(kind)
            request = {"file": str(model), "inputs": [str(photo) for photo in photos], "cores": [core], "threads": 1}
            with watch.phase(kind, waits=True):
                ways = {way: {**request, "way": way} for way in WAYS}
                found, failed = race(ways, lambda *_: None, rounds, calls)
            failures += [Failure(f"{kind}, {way}", message) for way, message in failed.items()]
            rows += _photo_rows(kind, found)
    return rows, failures


def spread(images: LabelledImages, count: int) -> LabelledImages:
    """Return `count` of the images, as many of each class as of any other, always the same."""
    return images.take(stratified_sample(images.targets, min(count, len(images)), seed=0))


def say(line: str) -> None:
    """Tell what happens next."""
    typer.echo(line, err=True)


def _answer(net: Net, pixels_for: Callable[[ModelCard], Pixels], inputs: Path) -> Logits:
    """Write the images for a net's peers to `inputs`, and return the logits of our fp32 file."""
    model = Model(net.fp32)
    pixels = pixels_for(model.card)
    np.save(inputs, pixels)
    return np.concatenate([model.logits(pixels[start : start + BATCH]) for start in range(0, len(pixels), BATCH)])


def _request(peer: Peer, net: Net, cores: Sequence[int], inputs: Path) -> dict[str, Any]:
    file = str(peer.path(net).resolve())
    return {"runtime": peer.runtime, "file": file, "inputs": str(inputs), "cores": list(cores), "threads": len(cores)}


def _race(
    requests: Mapping[Key, dict[str, Any]], references: Mapping[str, Logits], rounds: int, calls: int
) -> tuple[dict[Key, Finished], dict[Key, str]]:
    def accept(key: Key, logits: npt.NDArray[Any]) -> Agreement:
        net, name = key
        return agreement(logits, references[net], PEERS[name].precision)

    return race(requests, accept, rounds, calls)


def _rows(found: Mapping[Key, Finished], references: Mapping[str, Logits], threads: int) -> list[Row]:
    rows = []
    for (net, name), own in found.items():
        peer = PEERS[name]
        ours = _ours(found, (net, OURS[peer.precision]))
        rows.append(
            Row(
                name=name,
                net=net,
                precision=peer.precision,
                version=own.version,
                takes="uint8 RGBX" if RUNTIMES[peer.runtime].channels == 4 else "uint8 RGB",
                made=peer.made,
                threads=threads,
                agreement=agreement(own.answers, references[net], peer.precision),
                ms=latency(own.seconds),
                rounds=_medians(own.seconds),
                to_ours=ratio(own.seconds, ours.seconds),
            )
        )
    return rows


def _photo_rows(kind: str, found: Mapping[str, Finished]) -> list[PhotoRow]:
    return [
        PhotoRow(
            name=way,
            does=WAYS[way].does,
            version=own.version,
            photos=kind,
            n=len(own.answers),
            same=int((own.answers == _ours(found, OUR_WAY).answers).sum()),
            ms=latency(own.seconds),
            rounds=_medians(own.seconds),
            to_ours=ratio(own.seconds, _ours(found, OUR_WAY).seconds),
        )
        for way, own in found.items()
    ]


def _ours(found: Mapping[Any, Finished], key: Key | str) -> Finished:
    if key not in found:
        raise EdgeCifarError(f"{key} failed, and nothing can be compared with it")
    return found[key]


def _medians(seconds: Seconds) -> list[float]:
    """Return the median of each round in milliseconds."""
    medians: list[float] = (1000 * np.median(seconds, axis=1)).tolist()
    return medians
