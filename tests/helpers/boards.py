"""Boards that the tests stand on: what Linux shows of them, as files."""

import os
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

BOARDS = tomllib.loads(Path(__file__).with_name("boards.toml").read_text())

Board = Callable[..., Path]


@pytest.fixture
def board(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Board:
    """Lay out the /proc and /sys of a board in `boards.toml`, some of its files changed, and return their root.

    This process may use all four cores of the board.
    """
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(4)), raising=False)

    def board(name: str, changes: dict[str, str] | None = None) -> Path:
        for path, text in {**BOARDS[name], **(changes or {})}.items():
            (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / path).write_text(text)
            (tmp_path / path).chmod(0o755)
        return tmp_path

    return board
