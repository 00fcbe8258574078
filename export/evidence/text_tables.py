"""What `edge-cifar export` prints for a person to read."""

from collections.abc import Iterator, Sequence

from ...edge.stats.confidence import FEW
from ...edge.text_table import text_table
from ..proof.portability import Portability
from ..quantization.accuracy_ladder import Budget, Rung
from .int8_speedup import Worth
from .measured_accuracy import Evidence

CAVEATS = {
    Portability.ROUNDING: "its float layers add in another order on another CPU, so logits differ in their last bits, "
    "and by a level of 256 where such a bit tips the rounding of an int8 layer; verify allows for that",
    Portability.UNPROVEN: "on CPUs with AVX2 or AVX-512 but no VNNI, sums of two products can overflow 16 bits, and "
    "answers then differ; verify tells on the device",
}

DOUBTS_SHOWN = 3
AGREEMENT = (
    "the photos have no labels: what counts are the same answers as the float file's, whatever those are worth; "
    "confidences are the net's own, none was fitted"
)


def rung_lines(rungs: Sequence[Rung], n: int, labelled: bool = True) -> Iterator[str]:
    """Yield the table of what was tried to quantize, measured on `n` validation images."""
    header = (
        "quantization",
        "drop (points)" if labelled else "other answers (points)",
        "95 % interval",
        "same answers",
        "latency (us)",
        "bytes",
        "on other CPUs",
    )
    rows: list[tuple[str, ...]] = []
    for rung in rungs:
        figures = (f"{rung.same_answers:.2%}", f"{rung.latency:.0f}", f"{rung.bytes:,}", rung.portability)
        rows.append((rung.method, f"{rung.drop:.2f}", "{:.2f} to {:.2f}".format(*rung.interval), *figures))
        if rung.sample_drops:
            drops = f"{min(rung.sample_drops):.2f} to {max(rung.sample_drops):.2f}"
            rows.append(("  each sample alone", drops, "", *("" for _ in figures)))
    yield from text_table(header, rows, left=(0, 2, 6))
    yield drop_note(n, labelled)


def drop_note(n: int, labelled: bool = True) -> str:
    """Return how much a drop on `n` validation images says."""
    if not labelled:
        return (
            f"no labels: counted are answers other than the float file's to {n:,} validation images, one of them "
            f"{100 / n:.2g} points; the interval is what chance allows"
        )
    return f"drops are of {n:,} validation images, one of them {100 / n:.2g} points; the interval is what chance allows"


def few_images(budget: Budget, n: int) -> Iterator[str]:
    """Yield what was chosen by where `n` validation images are too few to choose by accuracy."""
    if not budget.by_drop(n):
        yield (
            f"{n:,} images tell little of {budget.max_drop:g} points: of the calibration methods within, the one is "
            "kept whose logits are nearest to the float file's"
        )


def evidence_lines(files: Sequence[Evidence]) -> Iterator[str]:
    """Yield the table of files; the first is the fp32 file, which the others are compared with."""
    if not files[0].labelled:
        yield from _agreement_lines(files)
        return
    header = ("file", "bytes", "val top-1", "test top-1 (95 % interval)", "same answers", "worst class")
    rows = []
    for file in files:
        test, worst = file.test, file.test.worst_class
        top1 = "{:.2%} ({:.2%} - {:.2%})".format(test.top1, *test.interval)
        told = (f"{file.val.top1:.2%}", top1, f"{test.same_answers:.2%}", f"{worst} {test.recalls[worst]:.1%}")
        rows.append((file.file, f"{file.bytes:,}", *told))
    yield from text_table(header, rows, left=(0, 5))
    yield parity_line(files[0])
    for file in files[1:]:
        paired, drop = file.test.paired, 100 * (files[0].test.top1 - file.test.top1)
        yield (
            f"{file.file} against fp32 on {file.test.n:,} test images: drop {drop:.2f} points "
            f"({paired.broken} broken, {paired.fixed} fixed, McNemar p = {paired.p:.2g})"
        )
        yield portability_line(file)
    for file in files:
        yield confidence_line(file)


def _agreement_lines(files: Sequence[Evidence]) -> Iterator[str]:
    header = ("file", "bytes", "val, same answers", "test, same answers (95 % interval)", "least alike class")
    rows = []
    for file in files:
        test, least = file.test, file.test.worst_class
        same = "{:.2%} ({:.2%} - {:.2%})".format(test.same_answers, *test.interval)
        told = f"{least} {test.recalls[least]:.1%}" if file is not files[0] else ""
        rows.append((file.file, f"{file.bytes:,}", f"{file.val.same_answers:.2%}", same, told))
    yield from text_table(header, rows, left=(0, 4))
    yield AGREEMENT
    yield parity_line(files[0])
    for file in files[1:]:
        yield f"{file.file}: {len(file.test.flips):,} of {file.test.n:,} test images answered otherwise than by fp32"
        yield portability_line(file)


def parity_line(fp32: Evidence) -> str:
    """Return how near the fp32 file is to what it was made from."""
    return f"largest logit difference of the fp32 file from {fp32.origin}: {fp32.largest_logit_difference:.2g}"


def confidence_line(file: Evidence) -> str:
    """Return how far a file's confidence was fitted, and what its threshold does to the test images."""
    fitted = f"temperature {file.temperature:.2f} of {file.val.n:,} validation images"
    if file.at_bound:
        fitted += ", the nearest that a card can say: its confidence is not to be believed"
    elif file.few_images:
        fitted += f", too few (under {FEW}) to tell how sure it should be"
    right, told = round(file.val.top1 * file.val.n), file.coverage
    if not file.abstain_threshold:
        few = f"{right:,} right answers on validation are too few for a threshold"
        answered = f"never `unknown`: {few if right < file.val.n else 'no answer on validation was wrong'}"
    else:
        rest = "none is" if told.accuracy is None else f"of the others {told.accuracy:.2%} are"
        answered = (
            f"`unknown` below {file.abstain_threshold:.2f}: {told.unknown / told.n:.1%} of the test images, "
            f"{rest} right ({told.lost:,} right answers lost)"
        )
    return f"{file.file} confidence: {fitted}; {answered}"


def portability_line(file: Evidence) -> str:
    """Return how a file answers on other CPUs, what that means, and the gravest reasons why no more is proven."""
    line = f"{file.file} on other CPUs: {file.portability}"
    if file.int8_share is not None:
        line += f", {file.int8_share:.1%} of its multiplications are int8"
    if caveat := CAVEATS.get(Portability(file.portability)):
        line += f": {caveat}"
    if file.doubts:
        more = len(file.doubts) - DOUBTS_SHOWN
        line += f"; not proven since {'; '.join(file.doubts[:DOUBTS_SHOWN])}" + (
            f"; and {more} more" if more > 0 else ""
        )
    return line


def worth_line(worth: Worth) -> str:
    """Return the verdict on int8 against fp32."""
    fp32, int8, times = 1000 * worth.fp32.p50, 1000 * worth.int8.p50, worth.ratio
    spread = f"quartiles {times.low:.2f} - {times.high:.2f} of the time"
    medians = f"fp32 {fp32:.0f} us, int8 {int8:.0f} us an image on one thread, {spread}"
    if worth.int8_pays:
        return f"int8 is worth it here: {1 / times.median:.1f} times as fast ({medians})"
    return f"int8 is NOT worth it here: {times.median:.1f} times the time of fp32 ({medians}); fp32 stays the default"
