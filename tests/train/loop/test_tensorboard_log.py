from pathlib import Path

import pytest
from edge_cifar.edge.errors import RunError
from edge_cifar.train.loop import tensorboard_log
from edge_cifar.train.loop.epochs import Epoch
from edge_cifar.train.loop.tensorboard_log import TensorBoard, check_installed


def test_each_epoch_is_a_point_of_every_scalar(tmp_path: Path) -> None:
    event_accumulator = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    with TensorBoard(tmp_path) as board:
        board.on_epoch(Epoch(1, 1.5, 0.5, 1.25, 0.6, 0.125, 2.0))
        board.on_epoch(Epoch(2, 1.0, 0.6, 1.0, 0.75, 0.1, 2.0))
    events = event_accumulator.EventAccumulator(str(tmp_path / "tensorboard")).Reload()
    assert [(event.step, event.value) for event in events.Scalars("accuracy/val")] == [
        (1, pytest.approx(0.6)),
        (2, 0.75),
    ]
    assert events.Scalars("learning rate")[0].value == 0.125
    assert len(events.Tags()["scalars"]) == 6


def test_where_it_is_missing_one_line_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tensorboard_log, "find_spec", lambda _: None)
    with pytest.raises(RunError, match=r"pip install 'edge-cifar\[tensorboard\]'"):
        check_installed()
