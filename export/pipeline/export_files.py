"""An export from beginning to end: its files are made aside, measured, and switched all at once."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from ...edge.files.atomic_write import check_replaceable, file_sha256, write_json, write_text
from ...edge.files.own_mark import is_own
from ...edge.model.shipped_models import EXPORT_SUMMARY
from ...edge.report.document import PAGE
from ..evidence.export_json import evidence_summary
from ..evidence.html_report import Exported, export_page
from ..evidence.int8_speedup import CALLS, compare_latency
from ..evidence.measured_accuracy import Evidence
from ..evidence.older_onnxruntime import prove_target
from ..evidence.photo_time import time_photos
from ..evidence.text_tables import evidence_lines, few_images, rung_lines, worth_line
from ..quantization.accuracy_ladder import Budget, Rung
from ..quantization.variants import VARIANTS
from .earlier_export import Earlier, earlier_default, earlier_files
from .source import Source
from .staging import staging, switch
from .write_models import FLIPS, FP32, INT8, Exporter, model_name

MODELS = (FP32, INT8, *map(model_name, VARIANTS))


@dataclass(frozen=True)
class Order:
    """What is to be exported: fp32 always, int8 within `budget` if `quantize`, and some of `VARIANTS`.

    `target_ort` is a release of onnxruntime to prove the files in.
    """

    budget: Budget
    quantize: bool = False
    also: Sequence[str] = ()
    target_ort: str | None = None

    @property
    def names(self) -> list[str]:
        """The names of the files to be written."""
        int8 = [INT8, FLIPS] if self.quantize else []
        return [FP32, *int8, *map(model_name, self.also), PAGE, EXPORT_SUMMARY]


@dataclass
class Outcome:
    """What came out: what `export.json` says, and `lines` for a person; `remarks` are on its data and training.

    `int8_missing`: nothing was in the budget.
    """

    summary: dict[str, Any]
    lines: list[str] = field(default_factory=list)
    remarks: tuple[str, ...] = ()
    int8_missing: bool = False


def export_files(source: Source, order: Order, folder: Path) -> Outcome:
    """Export `source` into `folder`.

    Replaces only files that this program wrote, all at once, and keeps those of an earlier export that it doesn't make
    anew, unless they are of another net. Raises EdgeCifarError, with the folder as it was, when anything fails.
    """
    for name in order.names:
        check_replaceable(folder / name)
    with staging(folder) as stage:
        outcome = _export(Exporter(source, stage), order)
        made = {path.name for path in stage.iterdir()}
        earlier = earlier_files(folder, [name for name in MODELS if name not in made], source.card)
        removed = _name_earlier(outcome, earlier, folder)
        digests = {name: file_sha256(stage / name) for name in sorted(made)}
        digests |= {name: file_sha256(folder / name) for name in outcome.summary["kept"]}
        write_json(stage / EXPORT_SUMMARY, {**outcome.summary, "sha256": digests})
        source.require_unchanged()
        switch(stage, folder, EXPORT_SUMMARY, removed)
    return outcome


def _export(exporter: Exporter, order: Order) -> Outcome:
    """Make all files but the summary."""
    source, stage = exporter.source, exporter.folder
    outcome = Outcome({**source.facts, "versions": dict(exporter.card.versions)}, remarks=source.remarks)
    fp32, references = exporter.write_fp32()
    files, default, worth = [fp32], FP32, None
    rungs: list[Rung] = []
    chosen: Rung | None = None
    if order.quantize:
        int8, ladder = exporter.write_int8(order.budget, references)
        rungs, chosen = ladder.rungs, ladder.chosen
        outcome.lines += [*rung_lines(rungs, fp32.val.n, source.labelled), *few_images(order.budget, fp32.val.n), ""]
        outcome.summary |= {
            "budget": asdict(order.budget),
            "rungs": [asdict(rung) for rung in rungs],
            "calibration_ids": exporter.calibration_ids(order.budget, ladder),
        }
        outcome.int8_missing = int8 is None
        if int8:
            files.append(int8)
            worth = compare_latency(stage / FP32, stage / INT8, source.val.images[:CALLS])
            default = INT8 if worth.int8_pays else FP32
            outcome.lines += [worth_line(worth), ""]
            outcome.summary["worth"] = asdict(worth)
    files += [exporter.write_variant(name, order.budget, references) for name in order.also]
    outcome.lines += evidence_lines(files)
    if order.target_ort:
        _prove(outcome, files, stage, order.target_ort)
    outcome.summary |= {"files": [evidence_summary(file) for file in files], "default": default}
    exported = Exported(
        title=source.title,
        history=source.history,
        test=source.test,
        files=files,
        budget=order.budget,
        rungs=rungs,
        chosen=chosen,
        worth=worth,
        logits=references.fp32.test,
        photo_of=source.photo_of,
        photo_time=time_photos(source.files, [stage / file.file for file in files]) if source.files else None,
        doubts=source.doubts,
    )
    write_text(stage / PAGE, export_page(exported))
    return outcome


def _prove(outcome: Outcome, files: Sequence[Evidence], stage: Path, release: str) -> None:
    proofs = [prove_target(stage / file.file, release) | {"model": file.file} for file in files]
    outcome.summary["target"] = {"onnxruntime": release, "verified": proofs}
    outcome.lines.append(f"onnxruntime {release} loads every file and computes the right answers")


def _name_earlier(outcome: Outcome, earlier: Earlier, folder: Path) -> list[str]:
    """Say what becomes of an earlier export's files, and return those to remove."""
    outdated = [INT8] if outcome.int8_missing and INT8 in earlier.kept else []  # nothing in this budget is like it
    kept = [name for name in earlier.kept if name not in outdated]
    removed = [*outdated, *earlier.stale]
    if INT8 in removed and is_own(folder / FLIPS):
        removed.append(FLIPS)
    outcome.summary |= {"kept": kept, "removed": removed}
    if earlier_default(folder) in kept:
        outcome.summary["default"] = earlier_default(folder)
    if kept:
        outcome.lines.append(f"kept, of an earlier export of the same weights: {', '.join(kept)}")
    if removed:
        reason = " or ".join(
            ["outside this budget"] * bool(outdated) + ["of other weights, labels or pixels"] * bool(earlier.stale)
        )
        outcome.lines.append(f"removed, of an earlier export {reason}: {', '.join(removed)}")
    return removed
