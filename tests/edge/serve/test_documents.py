import json
import re
from typing import Any
from urllib.parse import urljoin

import jsonschema
import pytest
from edge_cifar.edge.serve.app import STATIC
from hypothesis import given
from hypothesis import strategies as st
from serving import Serving, form


@pytest.fixture(scope="module")
def document(server: Serving) -> dict[str, Any]:
    """The server's OpenAPI document."""
    told: dict[str, Any] = server.ask("GET", "/openapi.json").json()
    return told


def check(document: dict[str, Any], path: str, method: str, status: int, value: Any) -> None:
    """Raise an exception unless an answer is one that the document has."""
    content = document["paths"][path][method]["responses"][str(status)]["content"]
    schema = {"components": document["components"], **content["application/json"]["schema"]}
    jsonschema.validate(value, json.loads(json.dumps(schema)))


def test_the_document_has_every_route(document: dict[str, Any]) -> None:
    assert {(method, path) for path, methods in document["paths"].items() for method in methods} == {
        ("post", "/predict"),
        ("get", "/models"),
        ("get", "/models/{name}"),
        ("get", "/models/{name}/file"),
        ("get", "/health"),
        ("get", "/ready"),
        ("get", "/metrics"),
    }


def test_the_document_is_true_of_what_is_answered(
    server: Serving, document: dict[str, Any], photos: list[bytes]
) -> None:
    for path in ("/models", "/health", "/ready"):
        check(document, path, "get", 200, server.ask("GET", path).json())
    check(document, "/models/{name}", "get", 200, server.ask("GET", "/models/nano").json())
    check(document, "/predict", "post", 200, server.ask("POST", "/predict", photos[0]).json())
    mixed = form(("a.jpg", photos[0]), ("b.jpg", b"no photo"))
    check(document, "/predict", "post", 200, server.ask("POST", "/predict", *mixed).json())
    bad = form(("a.jpg", b"no"), ("b.jpg", b"no photo"))
    check(document, "/predict", "post", 422, server.ask("POST", "/predict", *bad).json())


QUERY = st.text(st.characters(min_codepoint=33, max_codepoint=126, exclude_characters="#"), max_size=20)


@given(QUERY, st.sampled_from(["model", "top", "other"]), st.binary(max_size=50), st.booleans())
def test_whatever_is_asked_the_answer_is_in_the_document(
    server: Serving, document: dict[str, Any], value: str, name: str, content: bytes, in_form: bool
) -> None:
    body, headers = form(("a", content)) if in_form else (content, {"Content-Type": "image/png"})
    answered = server.ask("POST", f"/predict?{name}={value}", body, headers)
    assert answered.status < 500
    check(document, "/predict", "post", answered.status, answered.json())


def test_the_pages_load_nothing_from_elsewhere(server: Serving) -> None:
    for page in ("/", "/docs"):
        answered = server.ask("GET", page)
        text = answered.body.decode()
        assert answered.headers["content-type"] == "text/html; charset=utf-8"
        for loaded in re.findall(r'(?:src|href)="([^"]*)"', text):
            assert server.ask("GET", urljoin(page, loaded)).status == 200
        assert "style=" not in text  # nor within it, which its policy would refuse
        assert "<style" not in text
    for file in STATIC.iterdir():
        assert not re.search(r"(https?:)?//(?!HOST)[a-z]+\.", file.read_text())
