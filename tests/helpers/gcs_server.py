"""A Google Cloud Storage in memory, as far as archives need its JSON API: objects listed, read, written, removed."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

PAGE = 50  # objects of an answer to a listing; theirs are 1,000


@contextmanager
def gcs_server() -> Iterator[str]:
    """Serve buckets, which are there once something is in them, and yield the server's URL."""
    server = _Server(("127.0.0.1", 0), _Handler)
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Server(ThreadingHTTPServer):
    request_queue_size = 512  # gcsfs writes all at once, and who finds no room in the queue tries again after seconds


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    objects: dict[tuple[str, str], bytes] = {}  # noqa: RUF012, one server a process

    def do_GET(self) -> None:
        bucket, key, asked = self._place()
        if not key:
            self._answer(self._listing(bucket, asked))
        elif (content := self.objects.get((bucket, key))) is None:
            self._answer({"error": {"message": "No such object"}}, 404)
        else:
            self._answer(content if asked.get("alt") == "media" else _metadata(bucket, key, content))

    def do_POST(self) -> None:
        bucket, _, asked = self._place()
        body = self.rfile.read(int(self.headers["Content-Length"]))
        head, content = body.removesuffix(b"\n--==0==--").split(b"\n\n", 2)[1:]
        key = json.loads(head.partition(b"\n")[0])["name"]
        if asked.get("ifGenerationMatch") == "0" and (bucket, key) in self.objects:
            self._answer({"error": {"message": "conditionNotMet"}}, 412)
            return
        self.objects[bucket, key] = content
        self._answer(_metadata(bucket, key, content))

    def do_DELETE(self) -> None:
        bucket, key, _ = self._place()
        there = self.objects.pop((bucket, key), None) is not None
        self._answer({} if there else {"error": {"message": "No such object"}}, 200 if there else 404)

    def _place(self) -> tuple[str, str, dict[str, str]]:
        return _parsed(self.path)

    def _listing(self, bucket: str, asked: dict[str, str]) -> dict[str, Any]:
        prefix, delimiter = asked.get("prefix", ""), asked.get("delimiter", "\0")
        keys = [key[len(prefix) :] for at, key in self.objects if at == bucket and key.startswith(prefix)]
        names = sorted({prefix + "".join(key.partition(delimiter)[:2]) for key in keys})
        names = [name for name in names if name > asked.get("pageToken", "")]
        page = names[:PAGE]
        folders = [name for name in page if name.endswith(delimiter)]
        items = [_metadata(bucket, key, self.objects[bucket, key]) for key in page if key not in folders]
        answer = {"kind": "storage#objects", "items": items, "prefixes": folders}
        return answer | ({"nextPageToken": page[-1]} if len(names) > PAGE else {})

    def _answer(self, content: bytes | dict[str, Any], status: int = 200) -> None:
        body = content if isinstance(content, bytes) else json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def _parsed(url: str) -> tuple[str, str, dict[str, str]]:
    """Return the bucket, the object and the options of a request."""
    parts = urlsplit(url)
    found = re.search(r"/b/([^/]+)(?:/o)?(?:/(.*))?$", parts.path)
    bucket, key = (found[1], found[2] or "") if found else ("", "")
    return unquote(bucket), unquote(key), {name: values[0] for name, values in parse_qs(parts.query).items()}


def _metadata(bucket: str, key: str, content: bytes) -> dict[str, str]:
    return {"kind": "storage#object", "name": key, "bucket": bucket, "size": str(len(content)), "generation": "1"}
