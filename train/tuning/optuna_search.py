"""The search for a better recipe: short trainings with what Optuna draws, judged on validation images only."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import optuna
import torch
from optuna.distributions import BaseDistribution
from optuna.exceptions import TrialPruned
from optuna.trial import FrozenTrial, TrialState

from ..data.load_splits import Dataset
from ..loop.divergence import Diverged
from ..loop.memory_needed import NotEnoughMemory, within_memory
from ..loop.prepare import prepare
from ..loop.stop_signals import StopSignals
from ..loop.training import Step, Training
from ..recipe.recipe import Recipe
from .search_space import changed

ENDED = "ended"  # user attribute of a trial that came to nothing: why


@dataclass(frozen=True)
class Search:
    """Trials of a study, each `recipe` trained for `epochs` with what was drawn from `space`."""

    study: optuna.Study
    recipe: Recipe
    epochs: int
    space: Mapping[str, BaseDistribution]
    dataset: Dataset
    device: torch.device

    @property
    def finished(self) -> list[FrozenTrial]:
        """The trials of all workers that came to an end, those that were pruned included."""
        return self.study.get_trials(deepcopy=False, states=(TrialState.COMPLETE, TrialState.PRUNED))

    def run(self, trials: int, seconds: float, stop: StopSignals, on_trial: Callable[[FrozenTrial], None]) -> None:
        """Run trials until so many of all workers' are finished, or so much time has gone.

        Raises Stopped; the trial that it cuts short counts for nothing.
        """
        started = time.monotonic()
        while len(self.finished) < trials and time.monotonic() - started < seconds:
            trial = self.study.ask(dict(self.space))
            try:
                accuracy = self._train(trial, stop)
            except TrialPruned:
                ended = self.study.tell(trial, state=TrialState.PRUNED)
            except BaseException:
                self.study.tell(trial, state=TrialState.FAIL)
                raise
            else:
                ended = self.study.tell(trial, accuracy)
            on_trial(ended)

    def _train(self, trial: optuna.Trial, stop: StopSignals) -> float:
        """Return the validation accuracy of the trial's best epoch.

        Raises TrialPruned when others were better by then, when it diverges or needs too much memory; Stopped.
        """
        recipe = replace(changed(self.recipe, trial.params), epochs=self.epochs)
        try:
            with within_memory():
                return self._accuracy(trial, prepare(recipe, self.dataset, self.device), stop)
        except (Diverged, NotEnoughMemory) as error:
            trial.set_user_attr(ENDED, "diverged" if isinstance(error, Diverged) else "out of memory")
            raise TrialPruned from error

    def _accuracy(self, trial: optuna.Trial, training: Training, stop: StopSignals) -> float:
        while not training.finished:
            training.run_epoch(_ignore, stop)
            loss, logits = training.evaluate(self.dataset.val, stop)
            accuracy = float((logits.argmax(1) == self.dataset.val.targets).mean())
            trial.report(accuracy, training.epoch)
            training.next_epoch(loss, accuracy)
            if not training.finished and trial.should_prune():
                raise TrialPruned
        return max(training.val_accuracies)


def _ignore(_: Step) -> None:
    """Show nothing of a step."""
