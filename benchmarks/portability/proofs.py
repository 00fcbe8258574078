"""`python -m edge_cifar.benchmarks.portability.proofs`: whether the int8 file of each net is proven, or why not.

The nets are those of `train --list-nets`. Weights are random, batchnorm statistics those of rendered images: what is
proven of a net does not hang on what it learned. The reasons are those of `export.portability`, each with the number
of nodes that give it.
"""

from collections import Counter
from pathlib import Path
from typing import Annotated

import numpy as np
import torch
import typer

from ...edge.cli.exit_status import reporting
from ...edge.data.labelled_images import LabelledImages
from ...edge.data.synthetic_shapes import synthetic_split
from ...edge.files.atomic_write import check_replaceable, write_text
from ...export.graph.net_graph import build_graph
from ...export.proof.portability import doubts, portability
from ...export.quantization.calibration import activation_histograms, ranges
from ...export.quantization.quantize import quantize
from ...train.nets.catalogue import NETS
from ...train.nets.layers import Layer
from ...train.nets.torch_modules import build_net

HEADER = "| net | its int8 file on other CPUs | reasons |\n|---|---|---|"
SIZE, IMAGES = 32, 64


def proofs(out: Annotated[Path | None, typer.Option(help="Markdown file to write.")] = None) -> None:
    """Print what is proven of each net's int8 file."""
    if out:
        check_replaceable(out)
    images = synthetic_split("train", SIZE).take(np.arange(IMAGES))
    rows = [f"| `{name}` | {' | '.join(proof_of(layers, images))} |" for name, layers in NETS.items()]
    text = "\n".join([HEADER, *rows])
    typer.echo(text)
    if out:
        write_text(out, f"# What is proven of each net's int8 file\n\n{text}\n")


def proof_of(layers: tuple[Layer, ...], images: LabelledImages) -> tuple[str, str]:
    """Return what is promised of a net's int8 file, and the reasons for promising no more."""
    torch.manual_seed(0)
    net = build_net(layers).train()
    with torch.no_grad():
        net(torch.from_numpy(images.images[:]))  # settles the batchnorm statistics
    model = build_graph(layers, net.eval(), SIZE)
    quantized = quantize(model, ranges(activation_histograms(model, images), "minmax"))
    reasons = Counter(doubt.split(": ", 1)[1] for doubt in doubts(quantized))
    return portability(quantized), "; ".join(f"{reason} ({count})" for reason, count in reasons.items())


if __name__ == "__main__":
    typer.run(reporting("proofs")(proofs))
