import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
import typer
from edge_cifar.benchmarks.robustness.protobuf_cases import seed_models, varint
from edge_cifar.benchmarks.robustness.protobuf_fuzz import (
    ACCEPTED,
    DIFFERENT,
    REFUSED,
    RESULT,
    compare,
    files,
    protobuf_fuzz,
)
from edge_cifar.edge.model import onnx_schema, protobuf
from edge_cifar.edge.model.protobuf import Field, int64

Break = Callable[[pytest.MonkeyPatch], None]


class LastWins(dict[str, object]):
    """A message that doesn't notice when a value comes twice, but for the graph, of which the check asks."""

    def __contains__(self, name: object) -> bool:
        return name == "graph" and super().__contains__(name)


def keeps_64_bits(patch: pytest.MonkeyPatch) -> None:
    patch.setitem(onnx_schema.TENSOR_TYPE, 1 << 3, Field("elem_type", int64))


def lets_the_last_win(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(protobuf, "Message", LastWins)


def takes_external_data(patch: pytest.MonkeyPatch) -> None:
    patch.setitem(onnx_schema.TENSOR, 13 << 3 | 2, Field("external_data", message=onnx_schema.ENTRY, many=True))


def reads_varints_of_any_length(patch: pytest.MonkeyPatch) -> None:
    def lenient(reader: protobuf._Reader, position: int) -> tuple[int, int]:
        start = position
        while reader.data[position] >= 0x80:
            position += 1
        number = sum((byte & 0x7F) << 7 * i for i, byte in enumerate(reader.data[start : position + 1]))
        return number % 2**64, position + 1

    patch.setattr(protobuf._Reader, "varint", lenient)


def reads_any_text(patch: pytest.MonkeyPatch) -> None:
    patch.setitem(onnx_schema.GRAPH, 2 << 3 | 2, Field("name", lambda value: str(value, "utf-8", "replace")))


def test_a_slice_of_the_cases_shows_no_difference_and_tries_both_answers() -> None:
    outcomes = Counter(compare(data) for data in files(5_000, seed=1))
    assert outcomes.keys() == {ACCEPTED, REFUSED}, outcomes
    assert min(outcomes.values()) > 500


@pytest.mark.parametrize(
    "broken",
    [keeps_64_bits, lets_the_last_win, takes_external_data, reads_varints_of_any_length, reads_any_text],
)
def test_a_reader_that_forgives_is_noticed(monkeypatch: pytest.MonkeyPatch, broken: Break) -> None:
    broken(monkeypatch)
    assert any(compare(data).startswith(DIFFERENT) for data in files(20_000, seed=1))


def test_the_seeds_are_accepted_as_they_are() -> None:
    for model in seed_models():
        assert compare(model.SerializeToString()) == ACCEPTED


def test_cases_are_the_same_for_the_same_seed() -> None:
    assert list(files(50, seed=1)) == list(files(50, seed=1))
    assert list(files(50, seed=1)) != list(files(50, seed=2))


def test_varints_are_as_long_as_asked() -> None:
    assert [varint(5, longer) for longer in (0, 1, 3)] == [b"\x05", b"\x85\0", b"\x85\x80\x80\0"]


def test_the_result_is_written_and_a_difference_is_exit_1(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(typer.Exit) as done:
        protobuf_fuzz(cases=200, seed=1, out=tmp_path / "result.json", keep=tmp_path / "kept")
    assert done.value.exit_code == 0
    result = json.loads((tmp_path / "result.json").read_text())
    assert result[ACCEPTED] + result[REFUSED] == result["cases"] == 200
    takes_external_data(monkeypatch)
    with pytest.raises(typer.Exit) as done:
        protobuf_fuzz(cases=2_000, seed=1, out=tmp_path / "result.json", keep=tmp_path / "kept")
    assert done.value.exit_code == 1
    kept = next((tmp_path / "kept").iterdir())
    assert compare(kept.read_bytes()).startswith(DIFFERENT)
    assert "external_data is there" in capsys.readouterr().err


def test_the_result_in_the_repository_shows_no_difference() -> None:
    result = json.loads(RESULT.read_text())
    assert result["cases"] >= 5_000_000
    assert result[DIFFERENT] == 0
