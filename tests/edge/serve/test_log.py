import asyncio
import io
import json
import sys

import pytest
from edge_cifar.edge.serve.log import open_log


class Stderr(io.StringIO):
    """Remembers what was written at once."""

    def __init__(self) -> None:
        super().__init__()
        self.pieces: list[str] = []

    def write(self, text: str) -> int:
        self.pieces.append(text)
        return len(text)


def test_records_of_one_turn_of_the_event_loop_are_written_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    stderr = Stderr()
    monkeypatch.setattr(sys, "stderr", stderr)
    log = open_log(None)

    async def turns() -> None:
        for number in range(3):
            log({"number": number})
        await asyncio.sleep(0)
        log({"number": 3})  # at the end, as a server's last words

    asyncio.run(turns())
    log({"number": 4})
    numbers = [[json.loads(line)["number"] for line in piece.splitlines()] for piece in stderr.pieces]
    assert numbers == [[0, 1, 2], [3], [4]]
