"""A run of our own as what is exported: its torch net, written as a graph, and its images."""

from collections.abc import Mapping
from importlib.metadata import version

import onnx

from ...edge.errors import ModelError
from ...edge.files.atomic_write import file_sha256
from ...edge.model.card import ModelCard
from ...train.data.photo_files import PhotoFiles
from ...train.data.run_data import load_run_data, validation_cut
from ...train.nets.layers import count_macs
from ...train.nets.torch_modules import count_parameters
from ...train.runs.doubtful_photos import read_doubts
from ...train.runs.run_folder import Run
from ..graph.net_graph import build_graph
from ..quantization.accuracy_ladder import Budget
from ..quantization.calibration import Range
from ..quantization.fine_tune import fine_tune
from .source import RECORDED, Source
from .torch_logits import torch_logits


def run_source(run: Run, data: str | None = None) -> Source:
    """Return a run as what is exported. Raises RunError when it has no weights or its data has changed.

    `data` is where its images are, if they have moved.
    """
    weights_sha256 = file_sha256(run.weights)
    net = run.load_net()
    dataset = load_run_data(run, data, complete=False)
    model = build_graph(run.recipe.layers, net, run.recipe.size)
    unfinished = run.unfinished()
    photos = PhotoFiles(dataset)
    doubts = read_doubts(run.folder)

    def tuned(budget: Budget, found: Mapping[str, Range]) -> onnx.ModelProto:
        epochs, portable = budget.fine_tune_epochs, budget.portable
        return fine_tune(run.recipe.layers, net, model, found, dataset.train, epochs, portable)

    def require_unchanged() -> None:
        if file_sha256(run.weights) != weights_sha256:
            raise ModelError(f"{run.weights}: changed while it was exported; export again when training is over")

    return Source(
        name=str(run.folder),
        title=run.folder.name,
        model=model,
        card=_card(run, count_parameters(net), weights_sha256),
        train=dataset.train,
        val=dataset.val,
        test=dataset.test,
        reference=lambda images: torch_logits(net, images),
        require_unchanged=require_unchanged,
        photo_of=photos.photo,
        facts={"run": str(run.folder)},
        remarks=(*dataset.scan.remarks, *([unfinished] if unfinished else [])),
        fine_tune=tuned,
        history=run.history(),
        doubts=None if doubts is None else [each for each in doubts if photos.has(each.split, each.id)],
        files=[photos.path("test", name) for name in dataset.test.ids] if photos.known else (),
    )


def _card(run: Run, parameters: int, weights_sha256: str) -> ModelCard:
    versions = {"torch": run.versions["torch"], **{name: version(name) for name in RECORDED}}
    return ModelCard(
        net=run.recipe.net,
        labels=run.labels,
        size=run.recipe.size,
        precision="fp32",
        parameters=parameters,
        macs=count_macs(run.recipe.layers, size=run.recipe.size, classes=len(run.labels)),
        accuracy={},
        trained_on={"name": run.data["name"], **run.data["splits"]["train"]},
        validation=validation_cut(run),
        versions=versions,
        weights_sha256=weights_sha256,
    )
