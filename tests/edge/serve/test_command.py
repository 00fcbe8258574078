import http.client
import json
import os
import shutil
import signal
import socket
import ssl
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import onnx
import pytest
from edge_cifar.edge.model.golden_logits import GOLDEN_KEY
from edge_cifar.edge.model.onnx_file import SEAL_KEY, UNSEALED, seal
from edge_cifar.edge.model.shipped_models import model_file
from in_process import run_in_process
from onnx import helper
from serving import SECONDS

Run = Callable[..., "subprocess.CompletedProcess[str]"]
TOKEN = "0123456789abcdef0123456789abcdef"

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGTERM to answer")


@contextmanager
def started(command: list[str], folder: Path, *arguments: str) -> Iterator[tuple["subprocess.Popen[str]", int]]:
    """Start the server as a process of its own; give it and its port, and end it."""
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)  # also where tests run by nohup
    process = subprocess.Popen(
        [*command, "serve", "nano", "--port", "0", *arguments], cwd=folder, stderr=subprocess.PIPE, text=True
    )
    signal.signal(signal.SIGHUP, before)
    try:
        assert process.stderr
        line = process.stderr.readline()
        while line and not line.startswith("serving"):
            line = process.stderr.readline()
        yield process, int(line.rpartition(":")[2])
    finally:
        process.kill()
        process.communicate()


def get(port: int, path: str, headers: dict[str, str] | None = None) -> tuple[int, bytes]:
    """Ask for a path; return the status and the body."""
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=SECONDS)) as asked:
        asked.request("GET", path, headers=headers or {})
        answer = asked.getresponse()
        return answer.status, answer.read()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_what_is_in_work_is_answered_before_it_ends(
    number: int, stopped_command: list[str], tmp_path: Path, photo: Path
) -> None:
    content = photo.read_bytes()
    with started(stopped_command, tmp_path, "--log", "log.jsonl") as (process, port):
        with socket.create_connection(("127.0.0.1", port), SECONDS) as half:
            head = b"POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n" % len(content)
            half.sendall(head + content[:100])
            assert get(port, "/health")[0] == 200  # so the first is in work
            process.send_signal(number)
            half.sendall(content[100:])
            assert half.recv(99).startswith(b"HTTP/1.1 200 ")
        assert process.wait(SECONDS) == 0
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), SECONDS)
    records = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    assert sorted(record["path"] for record in records) == ["/health", "/predict"]


def test_with_a_certificate_it_speaks_tls(stopped_command: list[str], tmp_path: Path) -> None:
    if not shutil.which("openssl"):
        pytest.skip("openssl, which makes a certificate, is not here")
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"),
            *("-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", "key.pem"),
            *("-out", "certificate.pem", "-days", "2"),
        ],
        cwd=tmp_path,
        check=True,
        capture_output=True,
    )
    with started(stopped_command, tmp_path, "--certificate", "certificate.pem", "--key", "key.pem") as (_, port):
        trusting = ssl.create_default_context(cafile=tmp_path / "certificate.pem")
        with closing(http.client.HTTPSConnection("127.0.0.1", port, timeout=SECONDS, context=trusting)) as asked:
            asked.request("GET", "/health")
            assert asked.getresponse().status == 200


def test_a_token_is_asked_for_where_others_can_come(stopped_command: list[str], tmp_path: Path) -> None:
    (tmp_path / "token").write_text(f"{TOKEN}\n")
    with started(stopped_command, tmp_path, "--host", "0.0.0.0", "--token", "token") as (_, port):
        assert get(port, "/models")[0] == 401
        assert get(port, "/models", {"Authorization": f"Bearer {TOKEN}"})[0] == 200


def with_wrong_logits(path: Path) -> Path:
    """Write a copy of a model whose golden logits are others."""
    model = onnx.load(model_file("nano"))
    entries = {entry.key: entry.value for entry in model.metadata_props}
    golden = json.loads(entries[GOLDEN_KEY])
    golden["logits"][0][0] += 1.0
    helper.set_model_props(model, {**entries, GOLDEN_KEY: json.dumps(golden), SEAL_KEY: UNSEALED})
    path.write_bytes(seal(model.SerializeToString()))
    return path


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (["--host", "0.0.0.0"], 1, "0.0.0.0: others can reach it, so it needs --token FILE or $EDGE_CIFAR_TOKEN"),
        (["--host", "no.such.host.invalid"], 1, "no.such.host.invalid port 0: "),
        (["--host", "\udcff"], 1, "choose another --port or --host"),
        (["--certificate", "a.pem"], 2, "--certificate and --key go together"),
        (["--certificate", "a.pem", "--key", "b.pem"], 1, "a.pem, b.pem: No such file or directory"),
        (["--certificate", "short", "--key", "short"], 1, "short, short: not a certificate and its key"),
        (["--token", "none"], 1, "none: no file with a token (No such file or directory)"),
        (["--token", "short"], 1, "short: a token has 16 or more characters"),
        (["--cors", "example.org"], 2, "'example.org' is no origin"),
        (["--cors", "*"], 2, "'*' is no origin"),
        (["--timeout", "nan"], 2, "nan is not in the range"),
        (["--log", "photo.png"], 1, "photo.png: exists already and is no log"),
        (["--log", "no/such"], 1, "no/such: "),
        (["nano", "nano"], 1, "a second model called nano; name it as in other-nano="),
        (["a/b=nano"], 1, "'a/b' can't be part of a URL"),
        (["missing.onnx"], 1, "missing.onnx: "),
        (["wrong.onnx"], 1, "wrong.onnx: this CPU and onnxruntime compute other logits than the file was made with"),
    ],
)
def test_what_cannot_be_served_is_named_in_a_line(
    tmp_path: Path, photo: Path, arguments: list[str], status: int, words: str
) -> None:
    assert photo.exists()
    (tmp_path / "short").write_text("secret")
    if "wrong.onnx" in arguments:
        with_wrong_logits(tmp_path / "wrong.onnx")
    ended = run_in_process("serve", "--port", "0", *arguments, cwd=tmp_path)
    assert (ended.returncode, ended.stdout) == (status, "")
    assert words in " ".join(ended.stderr.replace("│", " ").split())
    if status == 1:
        assert ended.stderr.count("\n") == 1


def test_a_port_that_is_taken_is_named(run: Run) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ended = run("serve", "nano", "--port", str(port))
    expected = f"edge-cifar serve: 127.0.0.1 port {port}: Address already in use; choose another --port or --host\n"
    assert (ended.returncode, ended.stderr) == (1, expected)


def test_a_model_that_is_computed_wrongly_is_served_if_asked(stopped_command: list[str], tmp_path: Path) -> None:
    wrong = with_wrong_logits(tmp_path / "wrong.onnx")
    with started(stopped_command, tmp_path, f"odd={wrong}", "--unverified") as (_, port):
        assert [model["name"] for model in json.loads(get(port, "/models")[1])] == ["nano", "odd"]


def test_without_its_extra_it_says_what_to_install(run: Run, tmp_path: Path) -> None:
    (tmp_path / "none" / "fastapi").mkdir(parents=True)
    (tmp_path / "none" / "fastapi" / "__init__.py").write_text(
        "raise ModuleNotFoundError(\"No module named 'fastapi'\")"
    )
    ended = run("serve", PYTHONPATH=os.pathsep.join([str(tmp_path / "none"), os.environ.get("PYTHONPATH", "")]))
    expected = "edge-cifar serve: No module named 'fastapi'; run: pip install 'edge-cifar[serve]'\n"
    assert (ended.returncode, ended.stderr) == (1, expected)


def test_predict_loads_nothing_of_the_server(tmp_path: Path, photo: Path) -> None:
    program = (
        "import sys; from edge_cifar.edge.cli.main import main\n"
        "sys.argv[1:] = ['predict', sys.argv[1], '--model', 'nano']\n"
        "try: main()\nexcept SystemExit: pass\n"
        "print(*sorted({'fastapi', 'starlette', 'uvicorn', 'pydantic', 'asyncio', 'http.client'} & {*sys.modules}))"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program, str(photo)], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert ended.stdout.splitlines()[1:] == [""]
