"""Somebody else's net as what is exported: its graph brought to the model contract, and the photos of its owner."""

from dataclasses import dataclass
from importlib.metadata import version

from ...edge.errors import ModelError
from ...edge.files.atomic_write import file_sha256
from ...edge.model.card import ModelCard
from ..cleanup.to_contract import to_contract
from ..foreign.foreign_net import ForeignNet
from ..graph.costs import layer_macs, parameter_count
from .foreign_data import VALIDATION, is_plain, load_foreign_data
from .original import Original
from .source import RECORDED, Source

PLAIN = "no class folders in the data: its photos are taken without labels"
MOST = 1000  # photos to validate, and as many to test: each is decoded and kept in memory


@dataclass(frozen=True)
class Photos:
    """Which photos prove a net: those of `data`, with `calibration` of them drawn by `seed` to calibrate on."""

    data: str
    calibration: int
    seed: int
    unlabelled: bool = False


def foreign_source(net: ForeignNet, photos: Photos) -> Source:
    """Return a net from elsewhere as what is exported.

    Raises ModelError when its graph can't be brought to the contract, DataError when the photos can't be used.
    """
    read = file_sha256(net.path)
    plain = not photos.unlabelled and is_plain(photos.data)
    model = to_contract(net)
    original = Original(net)
    splits = load_foreign_data(
        photos.data,
        net.labels,
        net.rule.preprocessing,
        calibration=photos.calibration,
        most=MOST,
        seed=photos.seed,
        unlabelled=photos.unlabelled or plain,
    )
    if not splits.labelled:
        splits = splits.answered(original.logits)

    def require_unchanged() -> None:
        if file_sha256(net.path) != read:
            raise ModelError(f"{net.path}: changed while it was exported; export again")

    facts = {"original": str(net.path), "known_by": dict(net.sources), "labelled": splits.labelled}
    return Source(
        name=str(net.path),
        title=net.name,
        model=model,
        card=_card(net, parameter_count(model), sum(layer_macs(model).values())),
        train=splits.train,
        val=splits.val,
        test=splits.test,
        reference=original.logits,
        require_unchanged=require_unchanged,
        facts=facts,
        remarks=(*([PLAIN] if plain else []), *splits.remarks),
        labelled=splits.labelled,
        origin=net.path.name,
    )


def _card(net: ForeignNet, parameters: int, macs: int) -> ModelCard:
    return ModelCard(
        net=net.name,
        labels=net.labels,
        size=net.rule.preprocessing.size,
        resize=net.rule.preprocessing.rule,
        precision="fp32",
        parameters=parameters,
        macs=macs,
        accuracy={},
        trained_on={"name": "elsewhere", "file": net.path.name},
        validation=dict(VALIDATION),
        versions={name: version(name) for name in RECORDED},
        weights_sha256=net.sha256,
    )
