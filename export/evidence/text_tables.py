"""What `edge-cifar export` prints for a person to read."""

from collections.abc import Iterator, Sequence

from ...edge.stats.confidence import FEW
from ..proof.portability import Portability
from ..quantization.accuracy_ladder import Rung
from .int8_speedup import Worth
from .measured_accuracy import Evidence

CAVEATS = {
    Portability.ROUNDING: "its float layers add in another order on another CPU, so logits differ in their last bits, "
    "and by a level of 256 where such a bit tips the rounding of an int8 layer; verify allows for that",
    Portability.UNPROVEN: "on CPUs with AVX2 or AVX-512 but no VNNI, sums of two products can overflow 16 bits, and "
    "answers then differ; verify tells on the device",
}


def rung_lines(rungs: Sequence[Rung], n: int) -> Iterator[str]:
    """Yield the table of what was tried to quantize, measured on `n` validation images."""
    width = max(len("quantization"), *(len(rung.method) for rung in rungs))
    yield (
        f"{'quantization':{width}} drop (points)  95 % interval    same answers  latency (us)      bytes  on other CPUs"
    )
    for rung in rungs:
        low, high = rung.interval
        yield (
            f"{rung.method:{width}} {rung.drop:13.2f}  {f'{low:.2f} to {high:.2f}':15}  {rung.same_answers:12.2%}  "
            f"{rung.latency:12.0f}  {rung.bytes:9,}  {rung.portability}"
        )
        if rung.sample_drops:
            low, high = min(rung.sample_drops), max(rung.sample_drops)
            yield f"{'  each sample alone':{width}} {f'{low:.2f} to {high:.2f}':>13}"
    yield drop_note(n)


def drop_note(n: int) -> str:
    """Return how much a drop on `n` validation images says."""
    return f"drops are of {n:,} validation images, one of them {100 / n:.2g} points; the interval is what chance allows"


def evidence_lines(files: Sequence[Evidence]) -> Iterator[str]:
    """Yield the table of files; the first is the fp32 file, which the others are compared with."""
    yield f"{'file':22}     bytes  val top-1  test top-1 (95 % interval)   same answers  worst class"
    for file in files:
        low, high = file.test.interval
        yield (
            f"{file.file:22} {file.bytes:>9,}  {file.val.top1:9.2%}  {file.test.top1:10.2%} ({low:.2%} - {high:.2%})"
            f"  {file.test.same_answers:12.2%}  {file.test.worst_class} {file.test.recalls[file.test.worst_class]:.1%}"
        )
    yield f"largest logit difference of the fp32 file from the trained net: {files[0].largest_logit_difference:.2g}"
    for file in files[1:]:
        paired, drop = file.test.paired, 100 * (files[0].test.top1 - file.test.top1)
        yield (
            f"{file.file} against fp32 on {file.test.n:,} test images: drop {drop:.2f} points "
            f"({paired.broken} broken, {paired.fixed} fixed, McNemar p = {paired.p:.2g})"
        )
        yield portability_line(file)
    for file in files:
        yield confidence_line(file)


def confidence_line(file: Evidence) -> str:
    """Return how far a file's confidence was fitted, and what its threshold does to the test images."""
    fitted = f"temperature {file.temperature:.2f} of {file.val.n:,} validation images"
    if file.at_bound:
        fitted += ", the nearest that a card can say: its confidence is not to be believed"
    elif file.few_images:
        fitted += f", too few (under {FEW}) to tell how sure it should be"
    right, told = round(file.val.top1 * file.val.n), file.coverage
    if not file.abstain_threshold:
        answered = f"never `unknown`: {right:,} right answers on validation are too few for a threshold"
    else:
        rest = "none is" if told.accuracy is None else f"of the others {told.accuracy:.2%} are"
        answered = (
            f"`unknown` below {file.abstain_threshold:.2f}: {told.unknown / told.n:.1%} of the test images, "
            f"{rest} right ({told.lost:,} right answers lost)"
        )
    return f"{file.file} confidence: {fitted}; {answered}"


def portability_line(file: Evidence) -> str:
    """Return how a file answers on other CPUs, and why."""
    caveat = CAVEATS.get(Portability(file.portability))
    return f"{file.file} on other CPUs: {file.portability}" + (f": {caveat}" if caveat else "")


def worth_line(worth: Worth) -> str:
    """Return the verdict on int8 against fp32."""
    fp32, int8, times = 1000 * worth.fp32.p50, 1000 * worth.int8.p50, worth.ratio
    spread = f"quartiles {times.low:.2f} - {times.high:.2f} of the time"
    medians = f"fp32 {fp32:.0f} us, int8 {int8:.0f} us an image on one thread, {spread}"
    if worth.int8_pays:
        return f"int8 is worth it here: {1 / times.median:.1f} times as fast ({medians})"
    return f"int8 is NOT worth it here: {times.median:.1f} times the time of fp32 ({medians}); fp32 stays the default"
