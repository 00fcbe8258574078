"""The table of classes: how often each is named, how often rightly, and what other models change in that."""

from collections.abc import Sequence

from ..stats.classification import ClassMetrics, per_class
from .answers import Answers
from .document import paragraph, section, table

MOST = 40  # classes; of more, those that are found least often, and those that change most


def class_section(models: Sequence[Answers]) -> str:
    """Return the section: precision and recall by class, and their means, of the first model, of others the change."""
    first, *others = models
    others = [each for each in others if list(each.labels) == list(first.labels)]
    own, *changed = (per_class(each.counts, each.labels) for each in (first, *others))
    labels = [label for label in first.labels if own[label].support or own[label].precision]
    shown = _chosen(labels, own, changed)
    header = ["class", "images", "precision", "recall"]
    header += [f"{each.name} {what}" for each in others for what in ("precision", "recall")]
    rows = [_row(label, own[label], [each[label] for each in changed]) for label in shown]
    mean = _row("mean of the classes", _mean(own), [_mean(each) for each in changed])
    note = "Precision: of the answers that name a class, how many are right. Recall: of its images, how many are named."
    if others:
        note += " Of other files, the points more (+) or less (-)."
    if len(shown) < len(labels):
        note += f" Of {len(labels)} classes the {len(shown)} that are found least often or change most."
    return section("Classes", table(header, *rows, mean), paragraph(note, "note"))


def macro_recall(model: Answers) -> float:
    """Return the mean of the classes' recalls, 0 to 1, of those that have images."""
    return _mean(per_class(model.counts, model.labels)).recall


def _chosen(
    labels: Sequence[str], own: dict[str, ClassMetrics], changed: Sequence[dict[str, ClassMetrics]]
) -> list[str]:
    """Return the labels to show, in their order: all, or of too many the worst and those that change most."""
    if len(labels) <= MOST:
        return list(labels)

    def moved(label: str) -> float:
        return max((abs(each[label].recall - own[label].recall) for each in changed), default=0.0)

    worst = sorted(labels, key=lambda label: own[label].recall)
    kept = {*worst[: MOST // 2], *sorted(labels, key=lambda label: -moved(label))[: MOST // 2]}
    return [label for label in labels if label in kept]


def _mean(metrics: dict[str, ClassMetrics]) -> ClassMetrics:
    """Return the means over the classes that have images, and all images."""
    found = [each for each in metrics.values() if each.support]
    n = max(1, len(found))
    return ClassMetrics(
        precision=sum(each.precision for each in found) / n,
        recall=sum(each.recall for each in found) / n,
        f1=sum(each.f1 for each in found) / n,
        support=sum(each.support for each in found),
    )


def _row(name: str, own: ClassMetrics, changed: Sequence[ClassMetrics]) -> list[str]:
    row = [name, f"{own.support:,}", f"{own.precision:.1%}", f"{own.recall:.1%}"]
    for each in changed:
        row += [_points(each.precision - own.precision), _points(each.recall - own.recall)]
    return row


def _points(change: float) -> str:
    return f"{100 * change:+.1f}" if round(100 * change, 1) else "0"
