"""`edge-cifar doctor`: whether models run here, rightly, and how fast they can be expected to be."""

import json
import shlex
import signal
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from ..errors import EdgeCifarError, ModelError, printable
from ..machine.description import this_machine
from ..machine.throttling import throttling
from ..model.card import read_card
from ..model.golden_logits import Verification
from ..model.onnx_file import read_onnx
from ..model.shipped_models import DEFAULT_HELP, default_model, model_file
from .machine_findings import Finding, State, int8_pays, machine_findings, model_finding
from .options import AsJson

MINUTE = 60  # seconds that a check of one second gets


def doctor(
    model: Annotated[Path | None, typer.Argument(help=DEFAULT_HELP, parser=model_file, metavar="MODEL")] = None,
    as_json: AsJson = False,
) -> None:
    """Look at this machine; see `edge-cifar doctor --help`."""
    path = model or default_model()
    machine, heat = this_machine(), throttling()
    verification, checks = check_model(path, machine.versions["onnxruntime"])
    findings = [*machine_findings(machine, heat), *checks]
    bad = [finding.topic for finding in findings if finding.state == "BAD"]
    if as_json:
        pays, why = int8_pays(machine)
        report = {
            "passed": not bad,
            "findings": [asdict(finding) for finding in findings],
            "machine": asdict(machine),
            "throttling": asdict(heat),
            "int8": {"pays": pays, "why": why},
            "verification": verification and asdict(verification),
        }
        typer.echo(json.dumps(report))
    else:
        for finding in findings:
            typer.echo(printable(f"{finding.state:4}  {finding.topic:11}  {finding.words}"))
    if bad:
        raise EdgeCifarError(f"not well: {', '.join(bad)}; see above")


def check_model(path: Path, version: str) -> tuple[Verification | None, list[Finding]]:
    """Return the verification of a model, None where it can't be verified, and what was found.

    It runs in a process of its own: an onnxruntime that was built for another CPU dies where it is used.
    """
    try:
        _, onnx_file = read_onnx(path)
        card = read_card(onnx_file.metadata, path)
    except ModelError as error:
        return None, [Finding("model", "BAD", str(error))]
    findings = [model_finding(onnx_file, card.precision, version)]
    child = _run("-m", "edge_cifar.edge", "verify", "--json", "--", str(path))
    if child.returncode < 0:
        died = f"dies here ({signal.Signals(-child.returncode).name}); install another release"
        words = _last_line(_run("-c", "import onnxruntime").stderr)
        return None, [*findings, Finding("onnxruntime", "BAD", f"{version} {died}{words and f': {words}'}")]
    if not child.stdout:
        return None, [*findings, Finding("verify", "BAD", _last_line(child.stderr))]
    verification = Verification(**json.loads(child.stdout))
    state: State = "good" if verification.passed else "BAD"
    return verification, [*findings, Finding("verify", state, verification.describe())]


def _run(*arguments: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, *arguments]
    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=MINUTE, check=False)
    except subprocess.TimeoutExpired as error:
        raise EdgeCifarError(f"this took more than {MINUTE} s and was ended: {shlex.join(command)}") from error


def _last_line(text: str) -> str:
    return text.strip().rpartition("\n")[2]
