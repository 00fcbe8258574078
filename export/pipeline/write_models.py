"""From a run to its model files: write, run, compare, and keep what holds."""

import tempfile
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from importlib.metadata import version
from pathlib import Path

import onnx

from ...edge.data.labelled_images import LabelledImages
from ...edge.errors import ModelError
from ...edge.files.atomic_write import file_sha256, write_bytes
from ...edge.model.card import ModelCard
from ...train.data.run_data import load_run_data, validation_cut
from ...train.nets.layers import count_macs
from ...train.nets.torch_modules import count_parameters
from ...train.runs.run_folder import Run
from ..evidence.flipped_images import flip_sheet
from ..evidence.measured_accuracy import (
    Evidence,
    References,
    SplitLogits,
    file_logits,
    measure,
    require_finite,
    require_parity,
)
from ..graph.net_graph import build_graph
from ..quantization.accuracy_ladder import Budget, Ladder
from ..quantization.calibration import (
    SAMPLES,
    Range,
    activation_histograms,
    calibration_sample,
    describe_sample,
    ranges,
)
from ..quantization.fine_tune import fine_tune
from ..quantization.variants import VARIANTS
from .model_file import write_model
from .torch_logits import torch_logits

FP32, INT8, FLIPS = "model.fp32.onnx", "model.int8.onnx", "flips.png"
RECORDED = ("edge-cifar", "onnx", "onnxruntime", "numpy", "pillow")  # packages that can change a file


def model_name(precision: str) -> str:
    """Return the name of the model file of a precision or variant."""
    return f"model.{precision}.onnx"


class Exporter:
    """Exports one run into `folder`. Raises RunError when the run has no weights or its data has changed."""

    def __init__(self, run: Run, folder: Path, data: str | None = None):
        self.run, self.folder = run, folder
        self.weights_sha256 = file_sha256(run.weights)
        self.net = run.load_net()
        self.dataset = load_run_data(run, data, complete=False)
        self.model = build_graph(run.recipe.layers, self.net, run.recipe.size)
        self.card = _card(run, count_parameters(self.net), self.weights_sha256)

    def write_fp32(self) -> tuple[Evidence, References]:
        """Write the fp32 file if it computes what the torch net computes; raises ModelError if not."""
        expected = torch_logits(self.net, self.dataset.val)
        require_finite(str(self.run.folder), expected)
        logits = self._run(self.model, self.card)
        references = References(expected, logits)
        require_parity(FP32, logits.val, references.reference_val)
        return self._keep(FP32, self.model, self.card, logits, references), references

    def write_int8(self, budget: Budget, references: References) -> tuple[Evidence | None, Ladder]:
        """Search for an int8 model within the budget and write it; None, and no file, if there is none.

        Also returns the ladder that was climbed.
        """
        fine_tuned = partial(self._fine_tuned, budget) if budget.fine_tune_epochs else None
        ladder = Ladder(self.model, self.dataset.train, self.dataset.val, budget, fine_tuned)
        quantized = ladder.climb()
        if quantized is None or ladder.chosen is None:
            return None, ladder
        calibration = describe_sample(self._sample(budget, budget.sample_seed), budget.sample_seed)
        samples = SAMPLES if ladder.chosen.sample_drops else 1  # of this seed and those after it
        calibration |= {"samples": samples, "method": ladder.chosen.method}
        card = replace(self.card, precision="int8", calibration=calibration)
        logits = self._run(quantized, card)
        evidence = self._keep(INT8, quantized, card, logits, references)
        answers = references.fp32.test.argmax(1), logits.test.argmax(1)
        write_bytes(self.folder / FLIPS, flip_sheet(self.dataset.test, *answers))
        return evidence, ladder

    def write_variant(self, name: str, budget: Budget, references: References) -> Evidence:
        """Write one of `VARIANTS`, whatever it loses."""
        sample = self._sample(budget, budget.sample_seed)
        found = ranges(activation_histograms(self.model, sample), "minmax")
        card = replace(self.card, precision=name, calibration=describe_sample(sample, budget.sample_seed))
        model = VARIANTS[name](self.model, found)
        return self._keep(model_name(name), model, card, self._run(model, card), references)

    def calibration_ids(self, budget: Budget, ladder: Ladder) -> dict[int, tuple[str, ...]]:
        """Return the ids of the images that a ladder calibrated on, by the seed that they were drawn with."""
        count = SAMPLES if any(rung.sample_drops for rung in ladder.rungs) else 1
        return {seed: self._sample(budget, seed).ids for seed in budget.seeds(count)}

    def require_same_weights(self) -> None:
        """Raise ModelError when the run's weights are no longer those that were read."""
        if file_sha256(self.run.weights) != self.weights_sha256:
            raise ModelError(f"{self.run.weights}: changed while it was exported; export again when training is over")

    def _sample(self, budget: Budget, seed: int) -> LabelledImages:
        return calibration_sample(self.dataset.train, budget.sample_size, seed)

    def _fine_tuned(self, budget: Budget, found: Mapping[str, Range]) -> onnx.ModelProto:
        layers, train = self.run.recipe.layers, self.dataset.train
        return fine_tune(layers, self.net, self.model, found, train, budget.fine_tune_epochs, budget.portable)

    def _run(self, model: onnx.ModelProto, card: ModelCard) -> SplitLogits:
        """Run a model as the file that it will be."""
        with tempfile.TemporaryDirectory() as folder:
            trial = Path(folder) / "model.onnx"
            write_model(trial, model, card)
            return file_logits(trial, self.dataset.val, self.dataset.test)

    def _keep(
        self, name: str, model: onnx.ModelProto, card: ModelCard, logits: SplitLogits, references: References
    ) -> Evidence:
        """Write a file, with what its logits say of it on its card."""
        path = self.folder / name
        write_model(path, model, card)
        evidence = measure(path, logits, self.dataset.val, self.dataset.test, references)
        measured = replace(
            card,
            accuracy={
                split_name: {"n": split.n, "top1": split.top1}
                for split_name, split in (("val", evidence.val), ("test", evidence.test))
            },
            temperature=evidence.temperature,
            abstain_threshold=evidence.abstain_threshold,
        )
        write_model(path, model, measured)
        return replace(evidence, bytes=path.stat().st_size)


def _card(run: Run, parameters: int, weights_sha256: str) -> ModelCard:
    versions = {"torch": run.versions["torch"], **{name: version(name) for name in RECORDED}}
    return ModelCard(
        net=run.recipe.net,
        labels=run.labels,
        size=run.recipe.size,
        precision="fp32",
        parameters=parameters,
        macs=count_macs(run.recipe.layers, size=run.recipe.size, classes=len(run.labels)),
        accuracy={},
        trained_on={"name": run.data["name"], **run.data["splits"]["train"]},
        validation=validation_cut(run),
        versions=versions,
        weights_sha256=weights_sha256,
    )
