"""The same recipe with several seeds: the mean and the spread, never the best of them."""

import statistics
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ..edge.files import write_json
from .recipe import Recipe
from .session import Session, Summary

SEEDS = "seeds.json"


@dataclass(frozen=True)
class SeedsSummary:
    """Several runs of one recipe, in `folder`, one a seed."""

    folder: Path
    runs: Mapping[int, Summary]

    def as_json(self) -> dict[str, Any]:
        """Return what `--json` prints and `seeds.json` holds."""
        mean, deviation = self._spread()
        return {
            "folder": str(self.folder),
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


def train_seeds(session: Session, recipe: Recipe, folder: Path, count: int) -> SeedsSummary:
    """Train `count` runs, with seeds from the recipe's on, into `folder/seed-<n>`."""
    seeds = range(recipe.seed, recipe.seed + count)
    runs = {seed: session.train(replace(recipe, seed=seed), folder / f"seed-{seed}") for seed in seeds}
    summary = SeedsSummary(folder, runs)
    if session.first:
        write_json(folder / SEEDS, summary.as_json())
    return summary
