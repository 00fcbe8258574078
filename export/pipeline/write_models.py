"""From a float graph to its model files: write, run, compare, and keep what holds."""

import tempfile
from dataclasses import replace
from functools import partial
from pathlib import Path

import onnx

from ...edge.data.labelled_images import LabelledImages
from ...edge.files.atomic_write import write_bytes
from ...edge.model.card import ModelCard
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
from ..proof.int8_share import int8_share
from ..proof.portability import Portability, portability
from ..quantization.accuracy_ladder import Budget, Ladder
from ..quantization.calibration import (
    SAMPLES,
    activation_histograms,
    calibration_sample,
    describe_sample,
    ranges,
)
from ..quantization.variants import VARIANTS
from .model_file import write_model
from .source import Source

FP32, INT8, FLIPS = "model.fp32.onnx", "model.int8.onnx", "flips.png"


def model_name(precision: str) -> str:
    """Return the name of the model file of a precision or variant."""
    return f"model.{precision}.onnx"


class Exporter:
    """Writes the files of one source into `folder`."""

    def __init__(self, source: Source, folder: Path):
        self.source, self.folder = source, folder
        self.model, self.card = source.model, source.card

    def write_fp32(self) -> tuple[Evidence, References]:
        """Write the fp32 file if it computes what the original computes; raises ModelError if not."""
        expected = self.source.reference(self.source.val)
        source = self.source
        require_finite(source.name, expected, source.origin)
        logits = self._run(self.model, self.card)
        references = References(expected, logits, source.origin, source.labelled)
        require_parity(FP32, logits.val, expected, source.origin)
        return self._keep(FP32, self.model, self.card, logits, references), references

    def write_int8(self, budget: Budget, references: References) -> tuple[Evidence | None, Ladder]:
        """Search for an int8 model within the budget and write it; None, and no file, if there is none.

        Also returns the ladder that was climbed.
        """
        tune = self.source.fine_tune if budget.fine_tune_epochs else None
        ladder = Ladder(self.model, self.source.train, self.source.val, budget, partial(tune, budget) if tune else None)
        quantized = ladder.climb()
        if quantized is None or ladder.chosen is None:
            return None, ladder
        calibration = describe_sample(self._sample(budget, budget.sample_seed), budget.sample_seed)
        samples = SAMPLES if ladder.chosen.sample_drops else 1  # of this seed and those after it
        calibration |= {"samples": samples, "method": ladder.chosen.method}
        share = int8_share(quantized)
        mixed = share < 1 or portability(quantized) is Portability.ROUNDING
        card = replace(self.card, precision="int8", calibration=calibration, int8_share=share if mixed else None)
        logits = self._run(quantized, card)
        evidence = self._keep(INT8, quantized, card, logits, references)
        answers = references.fp32.test.argmax(1), logits.test.argmax(1)
        write_bytes(self.folder / FLIPS, flip_sheet(self.source.test, *answers, self.source.labelled))
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

    def _sample(self, budget: Budget, seed: int) -> LabelledImages:
        return calibration_sample(self.source.train, budget.sample_size, seed)

    def _run(self, model: onnx.ModelProto, card: ModelCard) -> SplitLogits:
        """Run a model as the file that it will be."""
        with tempfile.TemporaryDirectory() as folder:
            trial = Path(folder) / "model.onnx"
            write_model(trial, model, card)
            return file_logits(trial, self.source.val, self.source.test)

    def _keep(
        self, name: str, model: onnx.ModelProto, card: ModelCard, logits: SplitLogits, references: References
    ) -> Evidence:
        """Write a file, with what its logits say of it on its card."""
        path = self.folder / name
        write_model(path, model, card)
        evidence = measure(path, logits, self.source.val, self.source.test, references)
        splits = (("val", evidence.val), ("test", evidence.test)) if references.labelled else ()
        measured = replace(
            card,
            accuracy={split_name: {"n": split.n, "top1": split.top1} for split_name, split in splits},
            agreement=None if references.labelled else {"n": evidence.test.n, "share": evidence.test.top1},
            temperature=evidence.temperature,
            abstain_threshold=evidence.abstain_threshold,
        )
        write_model(path, model, measured)
        return replace(evidence, bytes=path.stat().st_size)
