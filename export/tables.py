"""What `edge-cifar export` prints for a person to read."""

from collections.abc import Iterator, Sequence

from .evidence import Evidence
from .ladder import Rung
from .portability import Portability
from .worth import Worth

CAVEATS = {
    Portability.ROUNDING: "its float layers add in another order on another CPU, so logits differ in their last bits, "
    "and by a level of 256 where such a bit tips the rounding of an int8 layer; verify allows for that",
    Portability.UNPROVEN: "on CPUs with AVX2 or AVX-512 but no VNNI, sums of two products can overflow 16 bits, and "
    "answers then differ; verify tells on the device",
}


def rung_lines(rungs: Sequence[Rung]) -> Iterator[str]:
    """Yield the table of what was tried to quantize."""
    width = max(len(rung.method) for rung in rungs)
    yield f"{'quantization':{width}} drop (points)  same answers  latency (us)      bytes  on other CPUs"
    for rung in rungs:
        yield (
            f"{rung.method:{width}} {rung.drop:13.2f}  {rung.same_answers:12.2%}  {rung.latency:12.0f}  "
            f"{rung.bytes:9,}  {rung.portability}"
        )
        if rung.sample_drops:
            low, high = min(rung.sample_drops), max(rung.sample_drops)
            yield f"{'  each sample alone':{width}} {f'{low:.2f} to {high:.2f}':>13}"


def evidence_lines(files: Sequence[Evidence]) -> Iterator[str]:
    """Yield the table of files; the first is the fp32 file, which the others are compared with."""
    yield f"{'file':22}     bytes  val top-1  test top-1 (95 % interval)   same answers  worst class"
    for file in files:
        low, high = file.test.interval
        yield (
            f"{file.file:22} {file.bytes:>9,}  {file.val.top1:9.2%}  {file.test.top1:10.2%} ({low:.2%} - {high:.2%})"
            f"  {file.test.same_answers:12.2%}  {file.test.worst_class} {file.test.worst_class_recall:.1%}"
        )
    yield f"largest logit difference of the fp32 file from the trained net: {files[0].largest_logit_difference:.2g}"
    for file in files[1:]:
        paired, drop = file.test.against_fp32, 100 * (files[0].test.top1 - file.test.top1)
        yield (
            f"{file.file} against fp32 on {file.test.n:,} test images: drop {drop:.2f} points "
            f"({paired.broken} broken, {paired.fixed} fixed, McNemar p = {paired.p:.2g})"
        )
        yield portability_line(file)


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
