"""A real server on a loopback port, in a thread of the test's process, and what asks it."""

import http.client
import json
import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from edge_cifar.edge.serve.app import Settings, build_app
from edge_cifar.edge.serve.batching import Workers
from edge_cifar.edge.serve.limits import Limits
from edge_cifar.edge.serve.served_models import open_models
from edge_cifar.edge.serve.server import make_server, open_port

SECONDS = 60  # until a test that hangs gives up


@dataclass
class Answered:
    """An answer: its status, its headers and its body."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Serving:
    """A server that runs; `log` has its records."""

    port: int
    workers: Workers
    log: list[dict[str, Any]] = field(default_factory=list)

    def ask(self, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None) -> Answered:
        """Send a request and read its answer; pieces of a body go out chunked."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=SECONDS)
        connection.request(method, path, body, dict(headers or {}))
        answer = connection.getresponse()
        answered = Answered(answer.status, {key.lower(): value for key, value in answer.getheaders()}, answer.read())
        connection.close()
        return answered

    def open(self) -> socket.socket:
        """Return a connection for bytes of any kind."""
        return socket.create_connection(("127.0.0.1", self.port), SECONDS)

    def raw(self, sent: bytes) -> bytes:
        """Send bytes and return all that comes until the server closes, which the bytes should make it do."""
        with self.open() as connection:
            connection.sendall(sent)
            return read_all(connection)


def read_all(connection: socket.socket) -> bytes:
    """Read until the server closes or cuts the connection."""
    received = b""
    try:
        while piece := connection.recv(1 << 16):
            received += piece
    except ConnectionError:
        pass
    return received


@contextmanager
def serving(
    *models: str,
    limits: Limits | None = None,
    jobs: int = 2,
    unverified: bool = False,
    **settings: Any,
) -> Iterator[Serving]:
    """Serve models until the context ends, then stop in order."""
    log: list[dict[str, Any]] = []
    limits = limits or Limits()
    workers = Workers(jobs, limits.queue)
    app = build_app(open_models(models, 1, unverified), workers, Settings(limits, **settings), log.append)
    opened = open_port("127.0.0.1", 0)
    served = Serving(opened.getsockname()[1], workers, log)
    server = make_server(app, None, limits.seconds)
    thread = threading.Thread(target=server.run, args=([opened],))
    thread.start()
    try:
        yield served
    finally:
        server.should_exit = True
        thread.join(SECONDS)
        assert not thread.is_alive()


def form(*photos: tuple[str, bytes], field_name: str = "photo") -> tuple[bytes, dict[str, str]]:
    """Return a form with photos by their names, and its headers."""
    parts = [
        b'--edge\r\nContent-Disposition: form-data; name="%s"; filename="%s"\r\n\r\n%s\r\n'
        % (field_name.encode(), name.encode(), content)
        for name, content in photos
    ]
    return b"".join([*parts, b"--edge--\r\n"]), {"Content-Type": "multipart/form-data; boundary=edge"}
