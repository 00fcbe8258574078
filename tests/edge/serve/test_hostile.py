"""What a client may send to do harm: the server answers each within its limits, and goes on answering others."""

import contextlib
import socket
from concurrent.futures import ThreadPoolExecutor

import pytest
from edge_cifar.edge.serve import connection, limits
from edge_cifar.edge.serve.limits import Limits
from hypothesis import given
from hypothesis import strategies as st
from pictures import png_of
from serving import Serving, form, read_all, serving

HEAD = b"POST /predict HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the server wait for no head longer than a moment."""
    monkeypatch.setattr(connection, "HEAD_SECONDS", 0.2)


def status(answer: bytes) -> int:
    return int(answer.split(b" ")[1]) if answer.startswith(b"HTTP/1.1 ") else 0


def answers(server: Serving, photo: bytes) -> bool:
    return server.ask("POST", "/predict", photo).status == 200


@pytest.mark.usefixtures("hasty")
@pytest.mark.parametrize("sent", [b"", b"POST /pre", HEAD, b"\r\n"])
def test_a_head_that_does_not_come_is_cut(server: Serving, photos: list[bytes], sent: bytes) -> None:
    assert server.raw(sent) == b""
    assert answers(server, photos[0])


@pytest.mark.usefixtures("hasty")
def test_a_second_head_on_a_kept_connection_is_cut_though_it_trickles(server: Serving) -> None:
    with server.open() as kept:
        kept.sendall(b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n")
        while not kept.recv(1 << 16).endswith(b"}"):
            pass
        kept.sendall(b"GET /health HT")  # which ends uvicorn's own wait
        assert read_all(kept) == b""


def test_an_endless_head_is_refused(server: Serving) -> None:
    assert status(server.raw(HEAD + b"a: b\r\n" * 200_000)) in (0, 400)  # cut in the midst of sending


def test_a_body_that_does_not_come_is_answered_408(photos: list[bytes]) -> None:
    with serving("nano", limits=Limits(seconds=0.2)) as server:
        for sent in (HEAD + b"Content-Length: 9\r\n\r\nabc", HEAD + b"Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n"):
            assert status(server.raw(sent)) == 408
        assert answers(server, photos[0])


def test_many_half_uploads_leave_room_for_others(photos: list[bytes]) -> None:
    with serving("nano", limits=Limits(queue=4)) as server, contextlib.ExitStack() as stack:
        for _ in range(60):
            half = stack.enter_context(server.open())
            half.sendall(HEAD + b"Content-Length: 900000\r\n\r\n" + b"x" * 2000)
        assert answers(server, photos[0])


def test_more_connections_than_allowed_are_told_to_come_again(
    photos: list[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "MOST_CONNECTIONS", 5)
    with serving("nano") as server:
        with contextlib.ExitStack() as stack:
            for _ in range(5):
                held = stack.enter_context(server.open())
                held.sendall(b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n")
                assert status(held.recv(99)) == 200  # so that it is the server's by now
            assert status(server.raw(b"")) == 503
        for _ in range(1000):  # until the server has seen them go
            with contextlib.suppress(ConnectionError):
                if answers(server, photos[0]):
                    break
        else:
            pytest.fail("the server does not recover")


def test_a_full_queue_is_told_before_the_body_is_read(photos: list[bytes], monkeypatch: pytest.MonkeyPatch) -> None:
    with serving("nano") as server:
        monkeypatch.setattr(server.workers, "_most_waiting", 0)
        with server.open() as half:
            half.sendall(HEAD + b"Content-Length: 900000\r\n\r\n")
            answered = half.recv(1 << 16)
        assert status(answered) == 429
        assert b"retry-after: 1\r\n" in answered
        assert server.ask("POST", "/predict?model=none", photos[0]).status == 404  # which trying again won't mend
        monkeypatch.undo()
        assert answers(server, photos[0])


def test_lengths_are_held_against_the_limit_before_and_while_a_body_is_read(photos: list[bytes]) -> None:
    with serving("nano", limits=Limits(max_bytes=10_000)) as server:
        announced = server.raw(HEAD + b"Content-Length: 10001\r\n\r\n")
        chunked = server.ask("POST", "/predict", iter([b"x" * 4000] * 3))
        parts = server.ask("POST", "/predict", *form(("a.jpg", b"x" * 10_001)))
        assert (status(announced), chunked.status, parts.status) == (413, 413, 413)
        assert b"more than the limit of 10000 bytes" in announced
        assert server.ask("POST", "/predict", *form(*[("a.jpg", b"x")] * 65)).status == 413
        assert answers(server, photos[0])


def test_bodies_that_together_are_too_large_are_told_to_come_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MOST_HELD", 20_000)
    with serving("nano", limits=Limits(max_bytes=15_000)) as server, server.open() as half:
        half.sendall(HEAD + b"Content-Length: 14000\r\n\r\n" + b"x" * 13_000)
        for _ in range(100):  # until the server has read the first
            second = server.ask("POST", "/predict", b"x" * 14_000)
            if second.status == 503:
                break
        assert (second.status, second.headers["retry-after"]) == (503, "1")
        half.sendall(b"x" * 1000)
        assert status(read_all(half)) == 422
        assert server.ask("POST", "/predict", b"x" * 14_000).status == 422


@pytest.mark.parametrize(
    "sent",
    [
        HEAD + b"Content-Length: -1\r\n\r\n",
        HEAD + b"Content-Length: 1e3\r\n\r\n",
        HEAD + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        HEAD + b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nX: a\rb: c\r\n\r\n",
        b"GET / HTTP/1.1\nHost localhost\n\n",
        b"GET /\xff\xfe HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET http://[ HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00",
        b"\0" * 1000,
    ],
)
@pytest.mark.usefixtures("hasty")
def test_what_is_no_http_is_refused_or_cut(server: Serving, photos: list[bytes], sent: bytes) -> None:
    assert status(server.raw(sent)) in (0, 400)
    assert answers(server, photos[0])


def test_a_body_shorter_than_its_length_ends_with_its_connection(photos: list[bytes]) -> None:
    with serving("nano") as server:
        with server.open() as cut:
            cut.sendall(HEAD + b"Content-Length: 9000\r\n\r\n" + photos[0][:100])
            cut.shutdown(socket.SHUT_WR)
            assert read_all(cut) == b""
        assert answers(server, photos[0])
    assert [record["status"] for record in server.log] == [499, 200]


@pytest.mark.parametrize(
    "path",
    [
        "/static/../app.py",
        "/static/..%2fapp.py",
        "/static/%2e%2e/app.py",
        "/static/....//app.py",
        "/static//etc/passwd",
        "/static/%00",
        "/static/..\\app.py",
        "/models/..%2f..%2fapp.py",
        "/static/",
    ],
)
def test_no_path_leads_out_of_the_pages(server: Serving, path: str) -> None:
    answered = server.raw(b"GET %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n" % path.encode())
    assert status(answered) == 404
    assert b"import" not in answered


def test_nothing_that_a_client_sends_becomes_a_header_or_a_line_of_the_log(
    server: Serving, photos: list[bytes]
) -> None:
    name = "a\r\nSet-Cookie: x=1\r\n"
    answered = server.ask("POST", "/predict?model=%0d%0aSet-Cookie:%20x=1", photos[0])
    assert "set-cookie" not in answered.headers
    listed = server.ask("POST", "/predict", *form(("%0d%0a../../etc/passwd", photos[0])))
    assert listed.json()["path"] == "%0d%0a../../etc/passwd"
    assert server.ask("POST", "/predict", *form((name, photos[0]))).status in (200, 400)


@pytest.mark.parametrize(
    "photo",
    [
        png_of(8, 2, 60_000, b"", height=60_000),
        b"\xff\xd8\xff" + b"\xff\xe1\x00\x02" * 200_000,
        b"GIF89a" + b"\xff" * 5000,
        b"RIFF\xff\xff\xff\xffWEBPVP8 " + bytes(100),
    ],
    ids=["bomb", "endless header", "gif", "webp"],
)
def test_a_hostile_photo_is_one_line(server: Serving, photos: list[bytes], photo: bytes) -> None:
    with ThreadPoolExecutor(4) as clients:
        for answered in clients.map(lambda _: server.ask("POST", "/predict", photo), range(4)):
            assert answered.status == 422
            assert "\n" not in answered.json()["error"]
    assert answers(server, photos[0])


@given(st.binary(max_size=300), st.sampled_from([b"image/png", b"multipart/form-data; boundary=a", b"x", b""]))
def test_any_body_is_answered(server: Serving, body: bytes, kind: bytes) -> None:
    head = b"Content-Type: %s\r\nContent-Length: %d\r\n\r\n" % (kind, len(body))
    assert status(server.raw(HEAD + head + body)) in (400, 415, 422)


@given(st.binary(min_size=1, max_size=200))
def test_any_part_of_a_form_is_answered(server: Serving, part: bytes) -> None:
    body = b"--a\r\n%s\r\n--a--\r\n" % part
    head = b"Content-Type: multipart/form-data; boundary=a\r\nContent-Length: %d\r\n\r\n" % len(body)
    assert status(server.raw(HEAD + head + body)) in (400, 422)


def test_a_fault_of_ours_is_told_without_its_traceback(photos: list[bytes], monkeypatch: pytest.MonkeyPatch) -> None:
    with serving("nano") as server:
        monkeypatch.setattr(server.workers, "classify", None)
        answered = server.ask("POST", "/predict", photos[0])
        assert (answered.status, answered.json()) == (500, {"error": "a fault of the server; its log says more"})
    assert any("TypeError" in record.get("traceback", "") for record in server.log)
