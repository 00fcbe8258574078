"""`python -m edge_cifar.benchmarks.browser.same_answers PHOTOS`: whether browsers answer as the native runtime does.

Each photo is asked twice of the page's own modules: as the pixels that the photo path makes of it, whose logits must be
equal to the bit for an int8 file, and as the file itself, which the page decodes: a JPEG to the photo path's pixels, to
the bit; any other by the browser. Needs Chromium, Firefox or WebKitGTK, and onnxruntime-web (`edge-cifar web
--runtime`).
"""

from base64 import b64decode, b64encode
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import numpy as np
import typer

from ...edge.cli.exit_status import reporting
from ...edge.errors import EdgeCifarError
from ...edge.files.atomic_write import write_json, write_text
from ...edge.machine.description import this_machine
from ...edge.model.contract import Logits, Model
from ...edge.model.named_models import named_models
from ...edge.model.shipped_models import FAMILY
from ...edge.photos.contract import Pixels, read_photo
from ...edge.photos.suffixes import named_like_photo
from ...edge.stats.softmax import softmax
from ...edge.web.runtime import RELEASE
from ...edge.web.site import write_site
from .asked_page import AskedPage, asked_page
from .installed import Installed, Name, all_installed, installed

SCRIPT = Path(__file__).with_name("pixels_and_logits.js")


@dataclass(frozen=True)
class Found:
    """What the browser made of `photos` with a model; counts are photos, differences those of samples, 0 to 255."""

    browser: str
    model: str
    precision: str
    photos: int
    same_logits: int  # of the photo path's pixels, to the bit
    same_top1: int  # of the file, decoded by the page
    same_label: int  # of the file, "unknown" below the model's threshold
    same_pixels: int  # of the file
    largest_difference: int  # of its samples
    mean_difference: float


def same_answers(
    photos: Annotated[Path, typer.Argument(help="Folder of photos.")],
    models: Annotated[list[str] | None, typer.Option("--model", help="Model; the package's without any.")] = None,
    browser: Annotated[Name | None, typer.Option(help="Browser; all that are installed without any.")] = None,
    images: Annotated[int, typer.Option(help="Photos, spread over the folder.", min=1)] = 200,
    out: Annotated[Path | None, typer.Option(metavar="FILE", help="Write JSON, and Markdown beside it.")] = None,
) -> None:
    """Compare browsers' answers with the native runtime's."""
    every = sorted(path for path in photos.rglob("*") if named_like_photo(path.name))
    chosen = [every[i * len(every) // images] for i in range(min(images, len(every)))]
    files = named_models(models or FAMILY)
    asked = [installed(browser)] if browser else all_installed()
    found = [row for each in asked for row in compare(each, files, chosen)]
    table = markdown(found)
    typer.echo(table, nl=False)
    if out:
        machine = this_machine()
        facts = {"onnxruntime-web": RELEASE, "folder": photos.name}
        write_json(out, {"machine": asdict(machine), **facts, "rows": [asdict(each) for each in found]})
        about = f"onnxruntime-web {RELEASE}, {machine.cpu}, {machine.date}; photos of {photos.name}"
        write_text(out.with_suffix(".md"), f"# The page in browsers\n\n{about}.\n\n{table}")
    if any(each.precision == "int8" and each.same_logits < each.photos for each in found):
        raise EdgeCifarError("int8 logits differ from the native runtime's")


def compare(browser: Installed, models: Mapping[str, Path], photos: Sequence[Path]) -> list[Found]:
    """Ask a browser for each photo with each model, by its name. Raises EdgeCifarError when the browser fails."""
    with TemporaryDirectory() as site:
        write_site(models, Path(site))
        with asked_page(Path(site), browser.opened) as page:
            return [_compare(page, browser.version, name, Model(path), photos) for name, path in models.items()]


def _compare(page: AskedPage, browser: str, name: str, model: Model, photos: Sequence[Path]) -> Found:
    logits, top1, labels, pixels, largest, mean = 0, 0, 0, 0, 0, 0.0
    for photo, wanted in _read(photos, model):
        expected = model.logits(wanted[None])[0]
        asked = {"model": f"models/{name}.onnx", "pixels": _text(wanted.tobytes()), "photo": _text(photo.read_bytes())}
        said = {key: b64decode(value) for key, value in page.ask(SCRIPT, asked).items()}
        logits += said["given"] == expected.tobytes()
        own = np.frombuffer(said["own"], np.float32)
        top1 += int(own.argmax()) == int(expected.argmax())
        labels += _label(own, model) == _label(expected, model)
        difference = np.abs(np.frombuffer(said["pixels"], np.uint8).astype(int) - wanted.ravel())
        pixels += not difference.any()
        largest = max(largest, int(difference.max()))
        mean += float(difference.mean()) * 4 / 3 / len(photos)  # of the three that are colours
    return Found(browser, name, model.card.precision, len(photos), logits, top1, labels, pixels, largest, mean)


def _read(photos: Sequence[Path], model: Model) -> Iterator[tuple[Path, Pixels]]:
    for photo in photos:
        yield photo, read_photo(photo, model.card.preprocessing)


def _label(logits: Logits, model: Model) -> int | None:
    """Return the place of the label that is told, None for "unknown"."""
    probabilities = softmax(logits, model.card.temperature)
    best = int(probabilities.argmax())
    return best if probabilities[best] >= model.card.abstain_threshold else None


def _text(content: bytes) -> str:
    return b64encode(content).decode()


def markdown(found: Sequence[Found]) -> str:
    """Return a table, a row for each browser and model."""
    rows = [
        f"| {each.browser} | {each.model} | {each.same_logits} of {each.photos} | {each.same_top1} | {each.same_label} "
        f"| {each.same_pixels} | {each.largest_difference} | {each.mean_difference:.2f} |"
        for each in found
    ]
    return "\n".join(
        [
            "| browser | model | same logits from given pixels | from the file: same top-1 | same label or `unknown` "
            "| same pixels | largest difference of a sample | mean |",
            "|---|---|---:|---:|---:|---:|---:|---:|",
            *rows,
            "",
        ]
    )


if __name__ == "__main__":
    typer.run(reporting("same_answers")(same_answers))
