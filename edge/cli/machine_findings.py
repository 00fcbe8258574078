"""What a machine's description means for running models on it: findings, each good, worth a note, or bad."""

from dataclasses import dataclass
from typing import Literal, TypeAlias

from ..machine.description import Machine
from ..machine.throttling import Throttling
from ..model.onnx_file import OnnxFile

State: TypeAlias = Literal["good", "note", "BAD"]

NEEDED_BYTES = 100 * 10**6  # free memory that one prediction and its process fit in
HOT = 80.0  # degrees Celsius; a Raspberry Pi slows down from here on
OLDEST_READS = (20, 9)  # newest opset and IR that onnxruntime 1.17, the oldest supported, reads (its "Compatibility")

PAYS = ("avx_vnni", "avx512_vnni", "amx_int8", "asimddp", "i8mm")
"""Instructions that multiply and add four int8 pairs at a time: onnxruntime's documentation ("Quantize ONNX models",
on performance) names VNNI and Arm's dot product as what int8 gets its speed from."""


@dataclass(frozen=True)
class Finding:
    """One thing looked at: `state` is "BAD" where models don't run, or not rightly."""

    topic: str
    state: State
    words: str


def machine_findings(machine: Machine, throttling: Throttling) -> list[Finding]:
    """Return what the hardware and the system mean for running models."""
    return [
        Finding("cpu", "good", machine.cpu),
        _int8(machine),
        _userland(machine),
        _cores(machine),
        _memory(machine),
        _clock(machine),
        _temperature(throttling),
        _power(throttling),
    ]


def model_finding(onnx_file: OnnxFile, precision: str, version: str) -> Finding:
    """Return whether onnxruntime of that version should read the file's opset and IR; running it shows the truth."""
    words = f"{precision}, opset {onnx_file.opset}, IR {onnx_file.ir_version}"
    opset, ir = OLDEST_READS
    if onnx_file.opset <= opset and onnx_file.ir_version <= ir:
        return Finding("model", "good", f"{words}: read by onnxruntime 1.17 and later, so by {version}")
    return Finding("model", "note", f"{words}: needs a newer onnxruntime than 1.17; here it is {version}")


def int8_pays(machine: Machine) -> tuple[Literal["yes", "somewhat", "no"], str]:
    """Return whether int8 models are expected to be faster than fp32 ones here, and why."""
    fast = [name for name in machine.int8_instructions if name in PAYS]
    if machine.userland_bits == 32:
        return "no", "a 32-bit system can't use the CPU's int8 instructions well"
    if fast:
        return "yes", f"the CPU multiplies and adds int8 in one instruction ({', '.join(fast)})"
    if "avx2" in machine.int8_instructions:
        return "somewhat", "AVX2 multiplies int8 in three instructions where VNNI has one"
    if "asimd" in machine.int8_instructions:
        return "no", "the CPU has no dot product instruction; int8 is about as fast as fp32, in a quarter of the bytes"
    return "no", "the CPU has no int8 instructions that onnxruntime uses"


def _int8(machine: Machine) -> Finding:
    pays, why = int8_pays(machine)
    state: State = "note" if pays == "no" else "good"
    return Finding("int8", state, f"expected to pay: {pays}; {why}; `edge-cifar benchmark` measures it")


def _userland(machine: Machine) -> Finding:
    if machine.userland_bits < machine.kernel_bits:
        fix = "onnxruntime has no 32-bit packages; install the 64-bit system"
        return Finding("system", "note", f"{machine.system}: {machine.userland_bits}-bit programs on it; {fix}")
    return Finding("system", "good", f"{machine.system}, {machine.userland_bits}-bit")


def _cores(machine: Machine) -> Finding:
    words = f"{machine.cores} of {machine.cores_present} cores may be used"
    if machine.cpu_quota is not None:
        words += f", a quota of {machine.cpu_quota:.2g}"
    if machine.load is not None:
        words += f"; load {machine.load:.2f}"
    return Finding("cores", "good", words)


def _memory(machine: Machine) -> Finding:
    words = f"{machine.available_bytes / 1e6:,.0f} of {machine.memory_bytes / 1e6:,.0f} MB available"
    if not machine.memory_bytes:
        return Finding("memory", "good", "unknown")
    if machine.available_bytes < NEEDED_BYTES:
        return Finding("memory", "note", f"{words}; a prediction needs {NEEDED_BYTES / 1e6:.0f}: stop other programs")
    return Finding("memory", "good", words)


def _clock(machine: Machine) -> Finding:
    if machine.governor == "powersave" and "Raspberry" in machine.cpu:  # on Intel it is the name of the usual one
        return Finding("clock", "note", "governor powersave keeps the clock low; choose ondemand or performance")
    return Finding("clock", "good", f"governor {machine.governor}" if machine.governor else "not the system's to set")


def _temperature(throttling: Throttling) -> Finding:
    if throttling.celsius is None:
        return Finding("heat", "good", "no sensor to read")
    words = f"{throttling.celsius:.1f} degrees Celsius"
    if throttling.celsius >= HOT:
        return Finding("heat", "note", f"{words}: the CPU slows down; cool it")
    return Finding("heat", "good", words)


def _power(throttling: Throttling) -> Finding:
    fix = "check the power supply and the cooling"
    if throttling.now:
        return Finding("power", "note", f"now: {', '.join(throttling.now)}; {fix}")
    if throttling.before:
        return Finding("power", "note", f"since the start, but not now: {', '.join(throttling.before)}; {fix}")
    return Finding("power", "good", "no throttling reported")
