"""The same recipe with several seeds: the mean and the spread, never the best of them."""

import json
import statistics
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from ...edge.errors import RunError
from ...edge.files.atomic_write import write_json
from ..recipe.recipe import Recipe
from ..runs.resume_options import moved
from ..runs.run_folder import CONFIG, open_run
from .train_run import Session, Summary

SEEDS = "seeds.json"


@dataclass(frozen=True)
class SeedsSummary:
    """Several runs of one recipe, in `folder`, one a seed."""

    folder: Path
    recipe: Recipe
    runs: Mapping[int, Summary]

    def as_json(self) -> dict[str, Any]:
        """Return what `--json` prints and `seeds.json` holds."""
        mean, deviation = self._spread()
        return {
            "folder": str(self.folder),
            "recipe": asdict(self.recipe),
            "seeds": len(self.runs),
            "mean_test_accuracy": mean,
            "standard_deviation": deviation,
            "runs": {str(seed): summary.as_json() for seed, summary in self.runs.items()},
        }

    def text(self) -> str:
        """Return what is printed otherwise."""
        mean, deviation = self._spread()
        lines = [f"seed {seed}: test accuracy {run.result.test_accuracy:.2%}" for seed, run in self.runs.items()]
        return "\n".join([*lines, f"mean {mean:.2%}, standard deviation {deviation * 100:.2f} points"])

    def _spread(self) -> tuple[float, float]:
        accuracies = [summary.result.test_accuracy for summary in self.runs.values()]
        return statistics.mean(accuracies), statistics.stdev(accuracies)


def train_seeds(
    session: Session, recipe: Recipe, out: Path | None, count: int, left_open: Sequence[str] = ()
) -> SeedsSummary:
    """Train `count` runs, with seeds from the recipe's on, into `seed-<n>` of `out` or of a new folder.

    What is `left_open` is planned in the first run, for all. Runs that are there already go on, or count as they are.
    Raises EdgeCifarError, also where they have another recipe.
    """
    replace(recipe, seed=recipe.seed + count - 1)  # a seed too large is refused now, not after days
    folder = session.folder(recipe, out)
    first = folder / f"seed-{recipe.seed}"
    runs = {}
    try:
        for seed in range(recipe.seed, recipe.seed + count):
            planned = _planned(recipe, first, left_open)
            made, place = replace(planned, seed=seed), folder / f"seed-{seed}"
            if (place / CONFIG).exists():
                runs[seed] = session.resume(moved(open_run(place), asdict(made)))
            else:
                runs[seed] = session.train(made, place, left_open if place == first else ())
    finally:
        if session.first and (first / CONFIG).exists():
            recipe = _planned(recipe, first, left_open)
            plan = {"folder": str(folder), "recipe": asdict(recipe), "seeds": count}
            write_json(folder / SEEDS, plan if len(runs) < count else SeedsSummary(folder, recipe, runs).as_json())
        elif session.first:
            with suppress(OSError):
                folder.rmdir()  # nothing was begun
    return SeedsSummary(folder, recipe, runs)


def _planned(recipe: Recipe, first: Path, left_open: Sequence[str]) -> Recipe:
    """Return `recipe` with what was left open as the run in `first` has it, if that has begun."""
    if not left_open or not (first / CONFIG).exists():
        return recipe
    begun = open_run(first).recipe
    return replace(recipe, **{name: getattr(begun, name) for name in left_open})


def resume_seeds(session: Session, folder: Path, given: Mapping[str, Any]) -> SeedsSummary:
    """Train what is left of the seeds begun in `folder`, with the places `given` anew. Raises EdgeCifarError."""
    try:
        plan = json.loads((folder / SEEDS).read_bytes())
        recipe, count = Recipe(**plan["recipe"]), int(plan["seeds"])
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise RunError(f"{folder / SEEDS}: not of this version ({error}); train again") from error
    return train_seeds(session, replace(recipe, **given), folder, count)
