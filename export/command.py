"""`edge-cifar export`: parse, write the files, run them, say what came out."""

import json
import tempfile
from dataclasses import asdict, dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Annotated

import onnx
import typer

from ..edge.errors import RunError
from ..edge.files import file_sha256, write_json
from ..edge.model import Logits
from ..edge.model_card import ModelCard
from ..train.data import Dataset, load_dataset
from ..train.nets import NETS, count_parameters
from ..train.run import WEIGHTS, Run, newest_run, open_run
from .calibration import CalibrationImages
from .graph import build_graph
from .model_file import write_model
from .parity import Check, check_file, require_parity, torch_logits
from .quantize import quantize as quantize_model

FP32, INT8, SUMMARY = "model.fp32.onnx", "model.int8.onnx", "export.json"
RECORDED = ("edge-cifar", "onnx", "onnxruntime", "numpy", "pillow")  # packages that can change a file


@dataclass(frozen=True)
class Exporter:
    """What all files of one run share: the data they are checked on and the logits they must reproduce."""

    run: Run
    dataset: Dataset
    expected: Logits  # of the torch net on validation

    def write(self, name: str, model: onnx.ModelProto, card: ModelCard) -> Check:
        """Check a model by running it, then keep it in the run folder with its accuracies on its card."""
        with tempfile.TemporaryDirectory() as folder:
            trial = Path(folder) / name
            write_model(trial, model, card)
            check = check_file(trial, self.expected, self.dataset.val, self.dataset.test)
        if card.precision == "fp32":
            require_parity(check)
        accuracy = {
            "val": {"n": len(self.dataset.val), "top1": check.val_accuracy},
            "test": {"n": len(self.dataset.test), "top1": check.test_accuracy},
        }
        path = self.run.folder / name
        write_model(path, model, replace(card, accuracy=accuracy))
        return replace(check, bytes=path.stat().st_size)


def export(
    run: Annotated[Path | None, typer.Argument(help="Run folder.  [default: the newest under runs/]")] = None,
    quantize: Annotated[bool, typer.Option("--quantize", help="Also write the int8 file.")] = False,
    calibration_size: Annotated[int, typer.Option(help="Training images to calibrate on.", min=1)] = 512,
    calibration_seed: Annotated[int, typer.Option(min=0, max=2**32 - 1)] = 0,
    data: Annotated[str | None, typer.Option(help="The run's data, if its folder has moved.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Export a run; see `edge-cifar export --help`."""
    opened = open_run(run or newest_run())
    net = opened.load_net()
    dataset = _same_data(opened, data)
    exporter = Exporter(opened, dataset, torch_logits(net, dataset.val))
    model = build_graph(NETS[opened.recipe.net], net, opened.recipe.size)
    card = _card(opened, count_parameters(net))
    checks = [exporter.write(FP32, model, card)]
    calibration = None
    if quantize:
        images = CalibrationImages(dataset.train, calibration_size, calibration_seed)
        calibration = images.describe()
        int8_card = replace(card, precision="int8", calibration=calibration)
        checks.append(exporter.write(INT8, quantize_model(model, images), int8_card))
    else:
        (opened.folder / INT8).unlink(missing_ok=True)  # an int8 file of earlier weights would be a trap
    summary = {
        "run": str(opened.folder),
        "val_images": len(dataset.val),
        "test_images": len(dataset.test),
        "files": [asdict(check) for check in checks],
        "calibration": calibration,
        "versions": dict(card.versions),
    }
    write_json(opened.folder / SUMMARY, summary)
    typer.echo(json.dumps(summary) if as_json else _table(opened.folder, checks))


def _same_data(run: Run, data: str | None) -> Dataset:
    """Load the data that the run was trained on. Raises RunError when its content has changed since."""
    recipe = run.recipe
    dataset = load_dataset(data or run.data["name"], recipe.size, recipe.val_fraction, recipe.seed)
    if dataset.describe()["splits"] != run.data["splits"]:
        raise RunError(
            f"{dataset.name}: not the images that {run.folder} was trained on (their hashes differ); "
            "name the right folder with --data, or train again"
        )
    return dataset


def _card(run: Run, parameters: int) -> ModelCard:
    return ModelCard(
        net=run.recipe.net,
        labels=run.labels,
        size=run.recipe.size,
        precision="fp32",
        parameters=parameters,
        accuracy={},
        trained_on={"name": run.data["name"], **run.data["splits"]["train"]},
        validation={"fraction": run.recipe.val_fraction, "seed": run.recipe.seed},
        versions={"torch": run.versions["torch"], **{name: version(name) for name in RECORDED}},
        weights_sha256=file_sha256(run.folder / WEIGHTS),
    )


def _table(folder: Path, checks: list[Check]) -> str:
    rows = ["file                 bytes  val top-1  test top-1  same answers  largest logit difference"]
    rows += [
        f"{check.file:16} {check.bytes:>9,}  {check.val_accuracy:9.2%}  {check.test_accuracy:10.2%}"
        f"  {check.same_answers:12.2%}  {check.largest_logit_difference:24.2g}"
        for check in checks
    ]
    if len(checks) == 2:
        drop = 100 * (checks[0].val_accuracy - checks[1].val_accuracy)
        rows.append(f"int8 drop on validation: {drop:.2f} points")
    return "\n".join([*rows, f"written to {folder}"])
