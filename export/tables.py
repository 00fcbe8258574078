"""What `edge-cifar export` prints for a person to read."""

from collections.abc import Iterator, Sequence

from .evidence import Evidence
from .ladder import Rung
from .worth import Worth


def rung_lines(rungs: Sequence[Rung]) -> Iterator[str]:
    """Yield the table of what was tried to quantize."""
    yield f"{'quantization':46} drop (points)  same answers  latency (us)      bytes"
    for rung in rungs:
        yield f"{rung.method:46} {rung.drop:13.2f}  {rung.same_answers:12.2%}  {rung.latency:12.0f}  {rung.bytes:9,}"


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


def worth_line(worth: Worth) -> str:
    """Return the verdict on the second file, int8, against the first, fp32."""
    fp32, int8 = worth.microseconds
    times = f"fp32 {fp32:.0f} us, int8 {int8:.0f} us an image on one thread"
    if worth.ratios[1] < 1:
        return f"int8 is worth it here: {1 / worth.ratios[1]:.1f} times as fast ({times})"
    return f"int8 is NOT worth it here: {worth.ratios[1]:.1f} times the time of fp32 ({times}); fp32 stays the default"
