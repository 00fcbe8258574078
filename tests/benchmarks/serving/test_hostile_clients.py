import asyncio
import socket

import pytest
from edge_cifar.benchmarks.serving import hostile_clients
from edge_cifar.benchmarks.serving.hostile_clients import (
    _beside_a_good_client,
    _ended,
    _many,
    half_upload,
    wrong_length,
)
from edge_cifar.benchmarks.serving.server_process import ServerProcess
from edge_cifar.edge.serve.limits import Limits
from serving import serving


def test_attacks_are_answered_or_cut_beside_a_good_client(capsys: pytest.CaptureFixture[str]) -> None:
    faults: list[str] = []
    with serving("nano", limits=Limits(seconds=0.2)) as served:
        server = ServerProcess(0, served.port)
        for attack in (half_upload, wrong_length):
            some = _many(_ended(server, attack, number) for number in range(10))
            asyncio.run(_beside_a_good_client(server, attack.__name__, some, faults))
    assert faults == []
    told = capsys.readouterr().out
    assert "half_upload: {'cut': 5, '408': 5}" in told.replace("{'408': 5, 'cut': 5}", "{'cut': 5, '408': 5}")


def test_a_server_that_hangs_is_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hostile_clients, "PATIENCE", 0.1)

    with socket.create_server(("127.0.0.1", 0)) as hung:  # which accepts nobody
        server = ServerProcess(0, hung.getsockname()[1])
        outcomes = asyncio.run(_many([_ended(server, half_upload, 0)]))
    assert outcomes == {"neither answered nor cut": 1}
