import json
import os
import re
import subprocess
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from edge_cifar import Classifier
from edge_cifar.edge.model.shipped_models import model_file
from serving import SECONDS, Serving, form, serving

Run = Callable[..., "subprocess.CompletedProcess[str]"]


def test_a_photo_in_the_body_is_answered_as_predict_answers_stdin(
    server: Serving, photos: list[bytes], command: list[str]
) -> None:
    printed = subprocess.run(
        [*command, "predict", "-", "--json", "--model", "small", "--top", "2"],
        input=photos[0],
        capture_output=True,
        timeout=SECONDS,
        check=True,
    )
    answered = server.ask("POST", "/predict?model=small&top=2", photos[0])
    assert (answered.status, answered.body) == (200, printed.stdout.rstrip())
    assert answered.headers["content-type"] == "application/json"


def test_a_form_is_answered_as_predict_answers_files(
    server: Serving, photos: list[bytes], tmp_path: Path, run: Run
) -> None:
    for name, content in (("a b.jpg", photos[0]), ("bad.jpg", photos[4][:300]), ("c.png", photos[1])):
        (tmp_path / name).write_bytes(content)
    names = ("a b.jpg", "bad.jpg", "c.png")
    printed = run("predict", "--json", "--model", "nano", *names)
    several = server.ask("POST", "/predict", *form(*((name, (tmp_path / name).read_bytes()) for name in names)))
    assert printed.returncode == 1
    assert (several.status, several.json()) == (200, [json.loads(line) for line in printed.stdout.splitlines()])
    one = server.ask("POST", "/predict", *form(("bad.jpg", photos[4][:300])))
    assert (one.status, one.json()) == (422, json.loads(printed.stdout.splitlines()[1]))


@pytest.mark.parametrize("model", ["nano", "edge/models/batchnorm.fp32.onnx"])
def test_many_at_once_are_answered_to_the_bit(model: str, photos: list[bytes]) -> None:
    model = model if model == "nano" else str(Path(__file__).parents[3] / model)
    expected = [Classifier(model).predict(photo).to_dict() for photo in photos]
    with serving(model) as server, ThreadPoolExecutor(12) as clients:
        answered = list(clients.map(lambda photo: server.ask("POST", "/predict", photo).json(), photos * 4))
        together = server.ask("POST", "/predict", *form(*(("a.jpg", photo) for photo in photos))).json()
        batches = server.workers.batches
    for given in (answered, together):
        assert [{name: each[name] for name in expected[0]} for each in given] == expected * (len(given) // 24)
    assert batches < 5 * 24


def test_each_request_may_ask_for_its_own_number_of_labels(server: Serving, photos: list[bytes]) -> None:
    with ThreadPoolExecutor(10) as clients:
        tops = list(range(1, 11)) * 4
        answered = clients.map(lambda top: server.ask("POST", f"/predict?top={top}", photos[0]).json()["top"], tops)
        assert [len(top) for top in answered] == tops


def test_models_and_their_cards_are_listed(server: Serving) -> None:
    models = server.ask("GET", "/models").json()
    assert [model["name"] for model in models] == ["nano", "small"]
    card = server.ask("GET", "/models/small").json()
    assert card["sha256"] == models[1]["sha256"]
    assert card["labels"][:2] == ["airplane", "automobile"]
    assert str(Path.home()) not in json.dumps(card)


@pytest.mark.parametrize(
    ("method", "path", "body", "headers", "status", "words"),
    [
        ("POST", "/predict?model=no", b"x", {}, 404, "no model of that name; there is nano, small"),
        ("GET", "/models/no", None, {}, 404, "no model of that name"),
        ("GET", "/nothing", None, {}, 404, "Not Found"),
        ("GET", "/predict", None, {}, 405, "Method Not Allowed"),
        ("POST", "/predict?top=0", b"x", {}, 400, "top: "),
        ("POST", "/predict?top=x", b"x", {}, 400, "top: "),
        ("POST", "/predict", b"x", {"Content-Type": "text/plain"}, 415, "Content-Type: expected image/*"),
        ("POST", "/predict", b"x", {"Content-Encoding": "gzip"}, 415, "Content-Encoding"),
        ("POST", "/predict", b"no photo at all, but words", {}, 422, "<Stdin>: not a photo in a known format"),
        ("POST", "/predict", b"", {"Content-Length": "0"}, 422, "<Stdin>: empty (0 bytes)"),
        ("POST", "/predict", b"x", {"Content-Type": "multipart/form-data"}, 400, "form: no boundary"),
        ("POST", "/predict", b"x", {"Content-Type": "multipart/form-data; boundary=é"}, 400, "form: no boundary"),
        ("POST", "/predict", b"x", {"Content-Type": "multipart/form-data; boundary=a"}, 400, "form: "),
        ("POST", "/predict", b"--a--\r\n", {"Content-Type": "multipart/form-data; boundary=a"}, 400, "form: "),
        ("GET", "/health", None, {"Host": "evil.example"}, 400, ""),
    ],
)
def test_what_makes_no_sense_is_refused_in_a_line(
    server: Serving, method: str, path: str, body: bytes | None, headers: dict[str, str], status: int, words: str
) -> None:
    answered = server.ask(method, path, body, headers)
    assert answered.status == status
    if words:
        assert answered.json()["error"].startswith(words)
        assert "\n" not in answered.json()["error"]


def test_a_request_without_a_body_is_411(server: Serving) -> None:
    answer = server.raw(b"POST /predict HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 411 ")


def test_health_readiness_and_metrics_are_told(server: Serving) -> None:
    assert server.ask("GET", "/health").json() == {"status": "alive"}
    assert server.ask("GET", "/ready").json() == {"status": "ready"}
    server.ask("POST", "/predict?model=small", b"no photo")
    for method in ("BREW", "GET"):
        server.ask(method, f"/{os.urandom(4).hex()}")
    counted = server.ask("GET", "/metrics").body.decode()
    assert 'edge_cifar_photos_total{model="small",outcome="error"}' in counted
    assert 'edge_cifar_requests_total{method="POST",path="/predict",status="422"}' in counted
    assert 'method="BREW"' not in counted
    assert 'path="other",status="404"' in counted


def test_answers_carry_headers_for_browsers(server: Serving) -> None:
    given = server.ask("GET", "/", headers={"X-Request-ID": "a-1"}).headers
    assert given["x-request-id"] == "a-1"
    assert given["x-content-type-options"] == "nosniff"
    assert "default-src 'none'" in given["content-security-policy"]
    assert "server" not in given


def test_the_log_has_a_record_a_request_by_the_id_that_its_answer_carries(photos: list[bytes]) -> None:
    with serving("nano") as server:
        server.ask("POST", "/predict", *form(("a.jpg", photos[0]), ("b.jpg", photos[1])))
        made = server.ask("GET", f"/{'x' * 999}", headers={"X-Request-ID": "a b"}).headers["x-request-id"]
    first, second = server.log  # now that both are at their end
    assert first.items() >= {"method": "POST", "path": "/predict", "status": 200, "model": "nano", "photos": 2}.items()
    assert (second["id"], len(second["path"]), len(made)) == (made, 200, 32)


def test_other_pages_may_ask_only_if_they_were_named(server: Serving, photos: list[bytes]) -> None:
    asked = {"Origin": "https://example.org"}
    assert "access-control-allow-origin" not in server.ask("POST", "/predict", photos[0], asked).headers
    with serving("nano", cors=("https://example.org",)) as open_server:
        given = open_server.ask("POST", "/predict", photos[0], asked).headers
        assert given["access-control-allow-origin"] == "https://example.org"
        other = open_server.ask("POST", "/predict", photos[0], {"Origin": "https://evil.example"}).headers
        assert "access-control-allow-origin" not in other


def test_with_a_token_only_those_who_carry_it_are_answered() -> None:
    with serving("nano", token="0123456789abcdef") as server:
        for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": "Basic 0123456789abcdef"}):
            for method, path in (("POST", "/predict"), ("GET", "/models"), ("GET", "/metrics")):
                refused = server.ask(method, path, headers=headers)
                assert (refused.status, refused.headers["www-authenticate"]) == (401, "Bearer")
        right = {"Authorization": "Bearer 0123456789abcdef", "Host": "any.example"}
        assert server.ask("GET", "/models", headers=right).status == 200
        assert [server.ask("GET", path).status for path in ("/health", "/ready", "/", "/docs")] == [200] * 4


def test_an_answers_head_and_body_arrive_together(server: Serving) -> None:
    with server.open() as asked:
        asked.sendall(b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert asked.recv(1 << 16).endswith(b'{"status": "alive"}')


def test_a_models_file_is_handed_out_as_it_is(server: Serving) -> None:
    assert server.ask("GET", "/models/nano/file").body == model_file("nano").read_bytes()
    assert server.ask("GET", "/models/none/file").status == 404


def test_the_pages_files_are_sent_once(server: Serving) -> None:
    first = server.ask("GET", "/page.js")
    assert first.headers["content-type"] == "text/javascript; charset=utf-8"
    again = server.ask("GET", "/page.js", headers={"If-None-Match": first.headers["etag"]})
    assert (again.status, again.body) == (304, b"")


def test_answers_say_how_long_the_server_took(server: Serving, photos: list[bytes]) -> None:
    answered = server.ask("POST", "/predict", photos[0])
    told = re.fullmatch(
        r"server;dur=([\d.]+), queue;dur=([\d.]+), decode;dur=([\d.]+), net;dur=([\d.]+)",
        answered.headers["server-timing"],
    )
    assert told
    server_ms, *parts = map(float, told.groups())
    assert 0 < sum(parts) < server_ms
    assert server.ask("GET", "/health").headers["server-timing"].startswith("server;dur=")
