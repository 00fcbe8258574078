"""The page of a run until it is exported: how the net learned, what it confuses, which labels it doubts."""

import shlex
from collections.abc import Callable, Sequence

from ...edge.data.labelled_images import LabelledImages
from ...edge.machine.description import this_machine
from ...edge.photos.contract import Photo
from ...edge.report.answers import Answers, answer_sections
from ...edge.report.charts.curves import curves
from ...edge.report.class_table import class_section, macro_recall
from ...edge.report.confused_photos import confused_section
from ...edge.report.document import commands, document, facts, paragraph, section
from ...edge.report.doubtful_photos import doubts_section
from ...edge.stats.classification import Floats, confusion_matrix
from ...edge.stats.confidence import calibration_bins, calibration_error
from ...edge.stats.label_errors import Doubt
from ...edge.stats.softmax import softmax
from ..runs.final_result import Result
from ..runs.run_folder import Run

NEXT = "Its page takes this one's place, and also says what int8 changes and how long a photo takes."


def html_page(
    run: Run,
    result: Result,
    test: LabelledImages,
    logits: Floats,
    doubts: Sequence[Doubt] | None,
    photo_of: Callable[[str, str], Photo],
) -> str:
    """Return the page; `logits` (N, classes) are the net's on `test`, `photo_of` gives the photo of a split and id.

    Without `doubts`, not even none, labels were not judged, and the page says nothing of them.
    """
    net = Answers(
        name=run.recipe.net,
        labels=test.labels,
        counts=confusion_matrix(test.targets, logits.argmax(axis=1), len(test.labels)),
        bins=calibration_bins(logits, test.targets, temperature=1),
        calibration_error=calibration_error(logits, test.targets, temperature=1),
    )
    confused = confused_section(
        test.labels, test.ids, test.targets, softmax(logits), lambda name: photo_of("test", name)
    )
    return document(
        f"edge-cifar train {run.folder.name}",
        paragraph(_verdict(result, net), "verdict"),
        section("How it was trained", curves(run.history())),
        class_section([net]),
        *answer_sections([net]),
        confused,
        "" if doubts is None else doubts_section(doubts, photo_of),
        section(
            "Next", commands([f"edge-cifar export {shlex.quote(str(run.folder))} --quantize"]), paragraph(NEXT, "note")
        ),
        section("The machine", facts(this_machine().describe())),
    )


def _verdict(result: Result, net: Answers) -> str:
    low, high = result.test_interval
    return (
        f"{net.name} is right on {result.test_accuracy:.1%} of {result.test_images:,} test images (95 % interval "
        f"{low:.1%} - {high:.1%}), and on {macro_recall(net):.1%} on average over the classes."
    )
