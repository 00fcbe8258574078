"""Which model to ship, and why, in a sentence or two that follow from what was measured."""

from collections.abc import Mapping, Sequence
from typing import Any

from ...edge.report.charts.scale import measured
from ...edge.report.phrases import REAL, accuracy_lost, times_as_fast

SMALLER = 0.9  # of the first model's bytes, from which a file counts as smaller

Model = Mapping[str, Any]
"""One of the benchmark's models, as in its JSON."""


def verdict(models: Sequence[Model], names: Sequence[str]) -> str:
    """Return it; all are judged against the first model."""
    first = models[0]
    if len(models) == 1:
        return _alone(first, names[0])
    chosen = choose(models)
    told = [_reason(chosen, first, names[models.index(chosen)], names[0])]
    for model, name in zip(models, names, strict=True):
        if model is not chosen:
            told.append(_alternative(model, chosen, name, names[0]))
    return " ".join(sentence for sentence in told if sentence)


def choose(models: Sequence[Model]) -> Model:
    """Return the fastest model that is surely faster than the first and loses no accuracy that the images show.

    If there is none, the smallest of those that are no slower and lose none, the first if none is smaller.
    """
    good = [model for model in models if not loses(model)]
    if faster := [model for model in good if is_faster(model)]:
        return min(faster, key=lambda model: (model["photo_ratio"]["median"], model["net_ratio"]["median"]))
    level = [
        model for model in good if model["photo_ratio"]["low"] <= 1 and model["bytes"] < SMALLER * models[0]["bytes"]
    ]
    return min(level, key=lambda model: model["bytes"], default=models[0])


def is_faster(model: Model) -> bool:
    """Return whether a model is surely faster than the first, from photo to label or, that being equal, in the net."""
    photo, net = model["photo_ratio"], model["net_ratio"]
    return bool(photo["high"] < 1 or (photo["low"] <= 1 and net["high"] < 1))


def loses(model: Model) -> bool:
    """Return whether a model is surely less accurate than the first."""
    accuracy = model["accuracy"]
    return bool(accuracy and accuracy["drop_points"] > 0 and accuracy["p"] < REAL)


def gains(model: Model) -> bool:
    """Return whether a model is surely more accurate than the first."""
    accuracy = model["accuracy"]
    return bool(accuracy and accuracy["drop_points"] < 0 and accuracy["p"] < REAL)


def _alone(model: Model, name: str) -> str:
    net, photo = (measured(model[kind]["p50"]) for kind in ("net_ms", "photo_ms"))
    told = f"{name} takes {photo} ms from a JPEG file to its label, {net} ms of it in the net."
    if accuracy := model["accuracy"]:
        told += f" It is right on {accuracy['top1']:.2%} of {accuracy['n']:,} images."
    return told


def _reason(chosen: Model, first: Model, name: str, first_name: str) -> str:
    if chosen is first:
        return f"Ship {name}: none of the others is surely faster, or smaller, at no loss of accuracy."
    photo, net = (chosen[kind]["median"] for kind in ("photo_ratio", "net_ratio"))
    size = first["bytes"] / chosen["bytes"]
    smaller = f", and {size:.1f} times smaller" if size > 1 / SMALLER else ""
    told = f"{times_as_fast(photo)} as {first_name} from photo to label, {times_as_fast(net)} in the net{smaller}"
    if not is_faster(chosen):
        told = f"no slower than {first_name}{smaller}"
    return f"Ship {name}: {told}; {_accuracy(chosen)}."


def _accuracy(model: Model) -> str:
    accuracy = model["accuracy"]
    if not accuracy:
        return "accuracy was not measured"
    return accuracy_lost(accuracy["drop_points"], accuracy["p"], accuracy["n"])


def _alternative(model: Model, chosen: Model, name: str, first_name: str) -> str:
    """Say what speaks for a model that was not chosen, if anything does."""
    speed = times_as_fast(model["photo_ratio"]["median"])
    if gains(model) and not gains(chosen):
        return f"{name} is {-model['accuracy']['drop_points']:.2f} points more accurate, but {speed} as {first_name}."
    if loses(model) and model["photo_ratio"]["median"] < chosen["photo_ratio"]["median"]:
        return f"{name} is {speed} as {first_name}, but loses {model['accuracy']['drop_points']:.2f} points."
    return ""
