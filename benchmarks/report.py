"""The demo's report: one HTML page that needs nothing else, on a phone or a desk, in light or dark."""

import base64
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

from PIL import Image

from ..edge.machine import Machine

THUMBNAIL = (320, 240)  # pixels, width x height at most

STYLE = """
:root { color-scheme: light dark; --ink: #1c2330; --soft: #5b6575; --line: #d9dee6; --ground: #fff; --card: #f5f7fa }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6e9ee; --soft: #9aa5b5; --line: #333b48; --ground: #14181f; --card: #1d232d }
}
body { margin: 0 auto; max-width: 56rem; padding: 1rem; color: var(--ink); background: var(--ground);
  font: 1rem/1.5 system-ui, sans-serif; overflow-wrap: anywhere }
h1 { font-size: 1.6rem; margin: 1rem 0 0 } h2 { font-size: 1.15rem; margin: 2.5rem 0 .5rem }
p { margin: .5rem 0 } th, figcaption span { color: var(--soft) }
pre { background: var(--card); padding: .75rem; border-radius: .5rem; white-space: pre-wrap; font-size: .85rem }
table { border-collapse: collapse; width: 100%; font-size: .9rem; font-variant-numeric: tabular-nums }
th { font-weight: normal } th, td { text-align: right; padding: .35rem .25rem; border-bottom: 1px solid var(--line) }
th:first-child, td:first-child { text-align: left } th + th, td + td { white-space: nowrap }
img { display: block; max-width: 100%; border-radius: .5rem; background: #fff }
figure { margin: 0 0 1rem } figcaption { padding: .25rem .1rem; font-size: .9rem } figcaption span { display: block }
.photos { display: grid; grid-template-columns: repeat(auto-fill, minmax(9rem, 1fr)); gap: 0 1rem }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .25rem 1rem; font-size: .9rem } dd { margin: 0 }
dt { color: var(--soft) }
"""

POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"  # the page can load nothing, whatever it says


@dataclass(frozen=True)
class Findings:
    """What a demo found: its commands with their seconds, the JSON that they printed, pictures as PNG.

    `photos` holds for each photo the rows that `predict` printed of it, one a model.
    """

    commands: tuple[tuple[str, float], ...]
    train: Mapping[str, Any]
    export: Mapping[str, Any]
    verify: Mapping[str, Any]
    evaluate: Mapping[str, Any]
    benchmark: Mapping[str, Any]
    curves: bytes
    confusion: bytes
    photos: tuple[tuple[Mapping[str, Any], ...], ...]


def page(findings: Findings) -> str:
    """Return the report, a whole HTML document with its pictures in it."""
    commands = "\n".join(f"$ {command}  # {seconds:.1f} s" for command, seconds in findings.commands)
    return f"""<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="{POLICY}">
<title>edge-cifar demo</title>
<style>{STYLE}</style>
<h1>edge-cifar demo</h1>
{_lead(findings)}
<h2>Photos</h2>
{_photos(findings.photos)}
<h2>Files</h2>
{_files(findings.export)}
{_verification(findings.verify)}
<h2>Speed</h2>
{_speed(findings.benchmark)}
<h2>Training</h2>
{_figure(findings.curves, "png", "Loss and accuracy by epoch, of training and validation images.")}
{_figure(findings.confusion, "png", "Test images: what they show against what the net answered.")}
<h2>Commands</h2>
<pre>{escape(commands)}</pre>
<h2>Machine</h2>
{_machine(Machine(**findings.benchmark["machine"]))}
</html>
"""


def _lead(findings: Findings) -> str:
    train, evaluate = findings.train, findings.evaluate
    fp32, int8 = findings.benchmark["models"]
    return _paragraph(
        f"A net trained for {train['seconds']:.0f} seconds labels {evaluate['accuracy']:.1%} of {evaluate['n']} test "
        f"images correctly as an int8 file of {int8['bytes']:,} bytes. The file is "
        f"{fp32['bytes'] / int8['bytes']:.1f} times smaller than its fp32 twin and "
        f"{1 / int8['net_ratio']['median']:.1f} times as fast, at a loss of {int8['accuracy']['drop_points']:.1f} "
        "points of accuracy."
    )


def _photos(photos: Sequence[Sequence[Mapping[str, Any]]]) -> str:
    note = "Each photo shows the shape that it is named after; below it the fresh int8 file's answer"
    if len(photos[0]) > 1:
        note += ", then that of the shipped CIFAR-10 file, which never saw such shapes and names what it knows"
    return f'{_paragraph(note + ".")}\n<div class="photos">{"".join(map(_photo, photos))}</div>'


def _photo(answers: Sequence[Mapping[str, Any]]) -> str:
    path = Path(answers[0]["path"])
    notes = [f"{answer['label']} {answer['confidence']:.1%}" for answer in answers]
    return _figure(_thumbnail(path), "jpeg", path.stem, *notes)


def _files(export: Mapping[str, Any]) -> str:
    files = export["files"]
    return _table(
        ["", *(file["file"] for file in files)],
        ["bytes", *(f"{file['bytes']:,}" for file in files)],
        ["top-1, validation", *(f"{file['val']['top1']:.2%}" for file in files)],
        ["top-1, test", *(f"{file['test']['top1']:.2%}" for file in files)],
        ["95 % interval", *("{:.1%} - {:.1%}".format(*file["test"]["interval"]) for file in files)],
        ["same answers as fp32", *(f"{file['test']['same_answers']:.2%}" for file in files)],
    )


def _verification(verify: Mapping[str, Any]) -> str:
    return _paragraph(
        f"Of the {verify['n']} golden images whose logits the int8 file carries, this machine computes "
        f"{verify['identical']} to the bit."
    )


def _speed(benchmark: Mapping[str, Any]) -> str:
    models, settings = benchmark["models"], benchmark["settings"]
    width, height = settings["photo"]
    return _table(
        ["", *(Path(model["model"]).name for model in models)],
        *_latency("net alone", [(model["net_ms"], model["net_ratio"]) for model in models]),
        *_latency(f"{width} x {height} JPEG", [(model["photo_ms"], model["photo_ratio"]) for model in models]),
        [f"images/s, batch {settings['batch']}", *(f"{model['images_per_second']:,.0f}" for model in models)],
        ["start, ms", *(f"{1000 * model['start']['seconds']:.0f}" for model in models)],
        ["peak memory, MB", *(f"{model['start']['peak_bytes'] / 1e6:.0f}" for model in models)],
    )


def _latency(name: str, columns: Sequence[tuple[Mapping[str, float], Mapping[str, float]]]) -> list[list[str]]:
    """Return table rows of (percentiles in ms, ratio) of each model."""
    rows = [[f"{name}, {key}, ms", *(f"{times[key]:.3f}" for times, _ in columns)] for key in ("p50", "p90", "p99")]
    ratios = [f"{ratio['median']:.2f} ({ratio['low']:.2f}-{ratio['high']:.2f})" for _, ratio in columns]
    return [*rows, ["ratio of p50 (quartiles)", *ratios]]


def _machine(machine: Machine) -> str:
    entries = [f"<dt>{escape(topic)}<dd>{escape(words)}" for topic, words in machine.describe().items()]
    return f"<dl>{''.join(entries)}</dl>"


def _paragraph(text: str) -> str:
    return f"<p>{escape(text)}</p>"


def _table(header: Sequence[str], *rows: Sequence[str]) -> str:
    lines = ["".join(f"<th>{escape(cell)}" for cell in header)]
    lines += ["".join(f"<td>{escape(cell)}" for cell in row) for row in rows]
    return f"<table><tr>{'<tr>'.join(lines)}</table>"


def _figure(picture: bytes, kind: str, caption: str, *notes: str) -> str:
    uri = f"data:image/{kind};base64,{base64.b64encode(picture).decode()}"
    spans = "".join(f"<span>{escape(note)}</span>" for note in notes)
    return (
        f'<figure><img src="{uri}" alt="{escape(caption)}"><figcaption>{escape(caption)}{spans}</figcaption></figure>'
    )


def _thumbnail(photo: Path) -> bytes:
    buffer = io.BytesIO()
    with Image.open(photo) as image:
        image.thumbnail(THUMBNAIL)
        image.save(buffer, "JPEG", quality=80)
    return buffer.getvalue()
