"""Which way to fit a temperature to few images, by simulation: `python -m edge_cifar.benchmarks.methods.temperature`.

Made-up nets give each image one logit that stands out by a normally distributed margin; its class is drawn from the
probabilities of these logits, so their temperature is 1 to the letter. What a net shows are these logits times its true
temperature. Each way fits a temperature to `n` images; its loss is the log loss on other images beyond that of the true
temperature, in thousandths of a nat.
"""

import math
from collections.abc import Callable
from dataclasses import asdict, dataclass
from itertools import product
from pathlib import Path
from typing import Annotated

import numpy as np
import numpy.typing as npt
import typer

from ...edge.cli.exit_status import reporting
from ...edge.files.atomic_write import check_replaceable, write_json, write_text
from ...edge.stats.classification import Floats, Indices
from ...edge.stats.confidence import fit_temperature
from ...edge.stats.softmax import softmax

SIZES = (10, 20, 40, 100, 400, 2000)  # validation images
CLASSES = (2, 10, 100, 1000)
TRUE = (0.5, 0.7, 1.0, 1.5, 2.5)  # temperatures
MARGINS = (3.0, 7.0)  # the mean of the one logit that stands out, beyond what the number of classes takes
SPREAD = 3.0  # its standard deviation
TRIED = np.geomspace(0.01, 100, 81)  # temperatures, for the ways that are not the product's own
FRESH = 500  # images to judge on

Curve = npt.NDArray[np.float64]  # the sum of a loss over the images at each temperature tried
Way = Callable[["Draw"], float]


@dataclass(frozen=True)
class Draw:
    """Validation images of a made-up net: their loss as they are, and if each showed any class alike."""

    logits: Floats
    targets: Indices
    likely: Curve
    uniform: Curve


@dataclass(frozen=True)
class Row:
    """A way to fit, with `n` images: mean loss and the worst twentieth of it, in thousandths of a nat.

    `far` is the share of fits that are off by a factor of more than 2.
    """

    way: str
    n: int
    loss: float
    worst: float
    far: float


def likeliest(draw: Draw) -> float:
    """Return the temperature of least log loss (Guo et al. 2017)."""
    return _best(draw.likely)


def smoothed(draw: Draw) -> float:
    """Return the temperature of least log loss with targets smoothed after Platt (1999): (n + 1) / (n + classes)."""
    n, classes = draw.logits.shape
    weight = classes / (n + classes)  # of an image that might as well show any class
    return _best((1 - weight) * draw.likely + weight * draw.uniform)


def with_prior(deviation: float) -> Way:
    """Return the fit with a normal prior of log T."""
    return lambda draw: _best(draw.likely + np.log(TRIED) ** 2 / (2 * deviation**2))


WAYS: dict[str, Way] = {
    "always 1": lambda _draw: 1.0,
    "likeliest": likeliest,
    "smoothed targets": smoothed,
    "prior 0.25": with_prior(0.25),
    "prior 0.35": with_prior(0.35),
    "prior 0.5": with_prior(0.5),
    "prior 0.7": with_prior(0.7),
    "prior 1": with_prior(1.0),
    "as exported": lambda draw: fit_temperature(draw.logits, draw.targets),
}


def simulate(trials: int, sizes: tuple[int, ...] = SIZES, classes: tuple[int, ...] = CLASSES) -> list[Row]:
    """Return a row for each way and size: `trials` draws of each kind of net."""
    random = np.random.RandomState(0)
    rows = []
    for n in sizes:
        losses: dict[str, list[float]] = {way: [] for way in WAYS}
        far: dict[str, list[bool]] = {way: [] for way in WAYS}
        for count, margin, true in product(classes, MARGINS, TRUE):
            fresh, fresh_targets = images(random, FRESH, count, margin)
            least = log_loss(fresh, fresh_targets)
            for _ in range(trials):
                shown = _draw(random, n, count, margin, true)
                for way, fit in WAYS.items():
                    fitted = fit(shown)
                    losses[way].append(1000 * (log_loss(fresh * (true / fitted), fresh_targets) - least))
                    far[way].append(abs(math.log(fitted / true)) > math.log(2))
        rows += [
            Row(way, n, float(np.mean(losses[way])), float(np.quantile(losses[way], 0.95)), float(np.mean(far[way])))
            for way in WAYS
        ]
    return rows


def images(random: np.random.RandomState, n: int, classes: int, margin: float) -> tuple[Floats, Indices]:
    """Return logits (n, classes) of temperature 1 and the classes drawn from them."""
    logits = random.normal(size=(n, classes))
    logits[np.arange(n), random.randint(classes, size=n)] += random.normal(margin + math.log(classes), SPREAD, n)
    below = softmax(logits).cumsum(axis=1) < random.uniform(size=(n, 1))
    return logits, np.minimum(below.sum(axis=1), classes - 1).astype(np.int64)


def log_loss(logits: Floats, targets: Indices) -> float:
    """Return the mean log loss of logits (N, classes), in nats."""
    return float((_normalizer(logits) - logits[np.arange(len(targets)), targets]).mean())


def table(rows: list[Row]) -> str:
    """Return the rows as a table in Markdown, a column for each number of images."""
    sizes = sorted({row.n for row in rows})
    lines = ["| log loss beyond the true temperature's, mean (worst twentieth); share off by more than 2 times |"]
    lines[0] += "".join(f" {n:,} images |" for n in sizes)
    lines.append("|---|" + "---:|" * len(sizes))
    for way in dict.fromkeys(row.way for row in rows):
        cells = [f" {row.loss:.1f} ({row.worst:.1f}); {row.far:.0%} |" for row in rows if row.way == way]
        lines.append(f"| {way} |" + "".join(cells))
    return "\n".join(lines) + "\n"


def main(
    trials: Annotated[int, typer.Option(help="Draws of each kind of net.", min=1)] = 10,
    out: Annotated[Path | None, typer.Option(help="Folder for temperature.md and temperature.json.")] = None,
) -> None:
    """Compare ways to fit a temperature."""
    if out:
        check_replaceable(out / "temperature.md", out / "temperature.json")
    rows = simulate(trials)
    typer.echo(table(rows))
    if out:
        write_text(out / "temperature.md", f"Thousandths of a nat, {trials} draws of each of 40 nets.\n\n{table(rows)}")
        write_json(out / "temperature.json", {"trials": trials, "rows": [asdict(row) for row in rows]})


def _draw(random: np.random.RandomState, n: int, classes: int, margin: float, true: float) -> Draw:
    logits, targets = images(random, n, classes, margin)
    shown = logits * true
    normalizers = np.array([_normalizer(shown / t).sum() for t in TRIED])
    chosen, mean = shown[np.arange(n), targets].sum(), shown.mean(axis=1).sum()
    return Draw(shown, targets, normalizers - chosen / TRIED, normalizers - mean / TRIED)


def _normalizer(logits: Floats) -> Floats:
    most = logits.max(axis=1)
    return np.asarray(most + np.log(np.exp(logits - most[:, None]).sum(axis=1)))


def _best(losses: Curve) -> float:
    return float(TRIED[losses.argmin()])


if __name__ == "__main__":
    typer.run(reporting("temperature")(main))
