"""Each part in miniature, on the CPU, and that it notices what it is there to notice."""

import csv
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from edge_cifar.benchmarks.gpu import speed, to_the_end, twice
from edge_cifar.benchmarks.gpu.child import HOMES
from edge_cifar.benchmarks.gpu.findings import Finding, Job, Part
from edge_cifar.benchmarks.gpu.run_parts import SHARES
from edge_cifar.train.loop.training import Training
from edge_cifar.train.runs.run_folder import Run
from PIL import Image

PATIENCE = 600  # seconds, where much else is at work


@pytest.fixture
def job(tmp_path: Path) -> Job:
    return Job("synthetic", tmp_path, torch.device("cpu"), time.monotonic() + PATIENCE)


@pytest.fixture
def photos(tmp_path: Path) -> str:
    """A folder of 40 photos of two classes, light and dark."""
    random = np.random.RandomState(0)
    for number in range(40):
        folder = tmp_path / "photos" / ("light" if number % 2 else "dark")
        folder.mkdir(parents=True, exist_ok=True)
        pixels = random.randint(0, 100, (32, 32, 3)) + 150 * (number % 2)
        Image.fromarray(pixels.astype(np.uint8)).save(folder / f"{number}.png")
    return str(tmp_path / "photos")


def _last(part: Part, job: Job) -> Finding:
    return list(part(job))[-1]


def test_every_part_has_a_home_and_a_share() -> None:
    assert list(HOMES) == list(SHARES)


def test_a_training_that_learns_as_on_the_cpu_is_well(job: Job) -> None:
    found = _last(twice.learns, job)
    assert found.ok
    assert found.figures["loss, cpu, float32"] == sorted(found.figures["loss, cpu, float32"], reverse=True)


def test_a_training_that_does_not_learn_is_not(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Training, "learning_rate", lambda _self, _step: 0.0)
    assert _last(twice.learns, job).why == "the loss does not fall"


def test_a_stopped_training_goes_on_as_one_that_is_not(job: Job) -> None:
    found = _last(twice.resumes, job)
    assert (found.ok, found.figures["when stopped"]) == (True, 0)
    assert found.figures["of another seed"] > 0.1


def test_a_training_that_goes_on_otherwise_is_noticed(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    restore = Training.restore

    def restore_with_other_chances(self: Training, run: Run) -> None:
        restore(self, run)
        self.generator.manual_seed(7)

    monkeypatch.setattr(Training, "restore", restore_with_other_chances)
    assert _last(twice.resumes, job).why == "a stop changes the weights"


def test_a_group_of_one_trains_as_a_process_alone(job: Job) -> None:
    found = _last(twice.one_process, job)
    assert found.ok
    assert found.figures["backend"] == "gloo"
    assert found.figures["in a group"] == pytest.approx(found.figures["loss alone"], rel=1e-5)
    assert not torch.distributed.is_initialized()


def test_the_loop_is_timed_beside_bare_steps(job: Job) -> None:
    found = _last(speed.step_rate, job)
    assert found.figures["batch 4"]["loop images/s"] > 0


def test_seed_after_seed_is_trained_until_the_time_is_over(job: Job, photos: str) -> None:
    found = _last(speed.reaches, replace(job, data=photos, until=time.monotonic()))
    assert (found.ok, found.cut) == (None, "seed 0 after epoch 1 of 2")
    seeds = []
    for found in speed.reaches(replace(job, data=photos)):
        seeds = found.figures["seeds"]
        if len(seeds) == 2:
            break
    assert [seed["whole"] for seed in seeds] == [True, False]
    assert seeds[0]["epochs"] == 2


def test_times_to_an_accuracy_are_of_the_first_epoch_there() -> None:
    seed = speed.Seed(0)
    for accuracy in (0.5, 0.91, 0.93, 0.92):
        seed.note(2.0, accuracy)
    assert seed.reached == {"90.0%": 4.0, "92.5%": 6.0, "93.0%": 6.0}
    assert (seed.best, seed.seconds, seed.epochs) == (0.93, 8.0, 4)
    other = speed.Seed(1)
    other.note(6.0, 0.925)
    assert speed._seconds([seed, other])["92.5%"] == {"seeds": 2, "mean": 6.0}
    assert speed._seconds([seed, other])["90.0%"] == {"seeds": 2, "mean": 5.0}
    assert speed._seconds([other]).keys() == {"90.0%", "92.5%"}


def test_a_run_is_exported_to_the_same_logits(job: Job, photos: str) -> None:
    found = _last(to_the_end.exports, replace(job, data=photos))
    assert found.ok, found
    assert found.figures["without TF32"]["same answers"] == 1


def test_an_export_with_other_logits_is_noticed(job: Job, photos: str, monkeypatch: pytest.MonkeyPatch) -> None:
    logits = to_the_end._logits
    monkeypatch.setattr(to_the_end, "_logits", lambda *given: 1.01 * logits(*given))
    found = _last(to_the_end.exports, replace(job, data=photos))
    assert found.why == "the exported file gives other logits than the device"


def test_a_fine_tuning_is_what_the_command_does_on_some_of_the_photos(job: Job, photos: str) -> None:
    options = ["--net", "nano", "--epochs", "2", "--batch-size", "4", "--size", "16", "--device", "cpu"]
    found = to_the_end.fine_tuned(replace(job, data=photos), options, 24)
    assert found.ok is not None, found
    assert found.figures["result"]["run"] == str(job.folder / "run")
    assert len(found.figures["epochs"]) == 2
    with (job.folder / "photos.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == pytest.approx(24, abs=3)
    assert {row["split"] for row in rows} == {"train", "val", "test"}


def test_a_fine_tuning_that_cannot_be_or_takes_too_long_says_so(job: Job, photos: str) -> None:
    refused = to_the_end.fine_tuned(replace(job, data=photos), ["--net", "none"], 24)
    assert refused.ok is False
    assert "none" in refused.why
    cut = to_the_end.fine_tuned(replace(job, data="synthetic", until=0), ["--net", "nano"], 24)
    assert (cut.ok, cut.cut) == (None, "after 1 s, 0 epochs")
