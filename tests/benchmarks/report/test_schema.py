import json
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from benchmark_results import measured, result, scored
from edge_cifar.benchmarks.report.result_file import SCHEMA
from jsonschema import Draft202012Validator, ValidationError

COMMITTED = Path(__file__).resolve().parents[3] / "benchmarks/results/benchmark.json"


@pytest.fixture(scope="module")
def validator() -> Draft202012Validator:
    schema = json.loads((files("edge_cifar.benchmarks.report") / "schema.json").read_text())
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


@pytest.fixture
def report() -> dict[str, Any]:
    report = result([measured("a.onnx", "a1b2c3d4", 1.0, accuracy=scored([True, False]))], "rounds disagree")
    report["minutes"] = [{"minute": 1, "celsius": None, "mhz": 1500.0, "net_ms": [1.0]}]
    return json.loads(json.dumps(report))


def test_every_key_of_a_result_is_described(validator: Draft202012Validator, report: dict[str, Any]) -> None:
    validator.validate(report)


def test_the_schema_is_of_the_version_that_results_carry(
    validator: Draft202012Validator, report: dict[str, Any]
) -> None:
    assert report["schema"] == SCHEMA
    with pytest.raises(ValidationError):
        validator.validate({**report, "schema": SCHEMA + 1})


@pytest.mark.parametrize("key", ["machine", "settings", "validity", "models", "minutes"])
def test_a_result_that_lacks_something_or_has_more_is_none(
    validator: Draft202012Validator, report: dict[str, Any], key: str
) -> None:
    with pytest.raises(ValidationError):
        validator.validate({**report, "new": 1})
    del report[key]
    with pytest.raises(ValidationError):
        validator.validate(report)


def test_the_committed_result_keeps_to_it(validator: Draft202012Validator) -> None:
    validator.validate(json.loads(COMMITTED.read_text()))
