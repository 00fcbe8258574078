import os
import re

import pytest
from edge_cifar.benchmarks.serving.clients import closed_loop, form, open_loop, request
from edge_cifar.benchmarks.serving.load import load
from edge_cifar.edge.serve.limits import Limits
from serving import serving


def test_clients_count_answers_by_their_status() -> None:
    with serving("nano") as server:
        loaded = closed_loop(server.port, [request(b"no photo"), form([b"no"] * 2)], 3, lambda asked: asked < 10)
        assert (loaded.statuses, len(loaded.seconds[422])) == ({422: 10}, 10)
        opened = open_loop(server.port, [request(b"no photo")], 1000, 0.02, most=4)
        assert 1 <= opened.statuses[422] <= 20
    with serving("nano", limits=Limits(max_bytes=5)) as server:
        assert closed_loop(server.port, [request(b"no photo")], 1, lambda asked: asked < 2).statuses == {413: 2}


@pytest.mark.skipif(len(os.sched_getaffinity(0)) < 2, reason="the server and its clients each need a core")
def test_a_server_is_loaded(capsys: pytest.CaptureFixture[str]) -> None:
    allowed = os.sched_getaffinity(0)
    try:
        load(None, 0.02, "nano", 1, 0.1, 100)
    finally:
        os.sched_setaffinity(0, allowed)
    told = capsys.readouterr().out
    assert re.search(r"one photo a request, 64 clients: \d+ % of its photos/s", told)
    assert re.search(r"100 requests in \d+ s: .* grown by", told)
