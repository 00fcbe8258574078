"""`python -m edge_cifar.benchmarks.publish.model_cards` (`make figures`): a card in Hugging Face's form for each net.

Written from what the model files say of themselves, and from the table of the family; the metadata is that of Hugging
Face's documentation ("Model Cards", `model-index`).
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from ...edge.cli.exit_status import reporting
from ...edge.files.atomic_write import file_sha256, write_text
from ...edge.model.contract import Model
from ...edge.model.shipped_models import FAMILY, model_file

CARDS = Path("edge/models/cards")


def model_cards(
    cards: Annotated[Path, typer.Option(help="Folder of the cards.")] = CARDS,
    family: Annotated[Path, typer.Option(help="What `benchmarks.peers.family` measured.")] = Path(
        "benchmarks/results/family.json"
    ),
) -> None:
    """Write the cards anew."""
    measured = {row["name"]: row for row in json.loads(family.read_text())["rows"]}
    for name in FAMILY:
        write_text(cards / f"{name}.md", model_card(name, measured[name]), replace_any=True)
        typer.echo(cards / f"{name}.md")


def model_card(name: str, measured: Mapping[str, Any]) -> str:
    """Return the card of a net of the package: metadata in YAML, then Markdown."""
    path = Path(model_file(name))
    card = Model(path).card
    accuracy = card.accuracy["test"]
    low, high = (100 * bound for bound in measured["interval"])
    return f"""---
license: mit
library_name: onnx
pipeline_tag: image-classification
tags: [onnx, onnxruntime, int8, quantized, edge]
datasets: [uoft-cs/cifar10]
metrics: [accuracy]
model-index:
  - name: edge-cifar {name}
    results:
      - task: {{type: image-classification}}
        dataset: {{name: CIFAR-10, type: uoft-cs/cifar10, split: test}}
        metrics:
          - {{type: accuracy, value: {accuracy["top1"]}, name: top-1 in int8}}
---

# {name}

A small image classifier in int8 ONNX that gives **the same logits, to the bit, on every CPU**
([how](../../../export/SAME_BITS.md)).

| | |
|---|---|
| file | `{path.name}`, {path.stat().st_size:,} bytes, SHA-256 `{file_sha256(path)}` |
| classes | {", ".join(card.labels)} |
| parameters, multiplications of an image | {card.parameters:,}; {card.macs or 0:,} |
| top-1 in int8 on CIFAR-10's {accuracy["n"]:,} test images | {100 * accuracy["top1"]:.2f} % ({low:.2f} - {high:.2f}) |
| one image, one thread, in the [table's machine](../../../README.md) | {measured["ms"]["p50"]:.3f} ms |
| other CPUs | {card.portability} |

**Use**: `edge-cifar predict photo.jpg --model {name}`, or `Classifier("{name}")` in Python. Input `image`, uint8
(N, {card.size}, {card.size}, 4), RGBX with X = 255; output `logits`, float32 (N, {len(card.labels)}). Confidences are
those of a softmax of the logits divided by {card.temperature}; below {card.abstain_threshold} an answer is `unknown`.

**Meant for** trying the toolkit, teaching, and as a baseline. It knows ten things, seen at {card.size} x {card.size}
pixels, and calls whatever else it sees by one of their names or `unknown`; on ordinary photos of the ten it is right
less often than on CIFAR-10 ([how often](../../../README.md#classify-photos)). **Not for** decisions about people, or
where a wrong answer does harm.

**Trained on** CIFAR-10's training images ([how, and how it was chosen](../README.md)); what biases these have, it has.
Weights `{card.weights_sha256}`.
"""


if __name__ == "__main__":
    typer.run(reporting("model_cards")(model_cards))
