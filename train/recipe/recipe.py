"""A recipe: everything that decides what weights come out. Each field is an option and a key of TOML and JSON."""

import json
import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from ...edge.data.datasets import DATA_HELP
from ...edge.errors import RunError
from ...edge.splits.name_groups import check_pattern
from ...edge.splits.split_rules import ALIKE, BY_NAME
from ..nets.backbones import BACKBONES, IMAGENET
from ..nets.catalogue import NETS
from ..nets.layers import Dropout, Layer, scaled, shapes
from .augmentation import Augmentation
from .optimizers import OPTIMIZERS
from .schedule import SCHEDULES

FLOATS = (float, float | None)


def _option(default: Any, help_text: str, *, low: float = -1e9, high: float = 1e9, choices: Any = ()) -> Any:
    """Return a dataclass field that carries what an option needs to be shown and checked."""
    return field(default=default, metadata={"help": help_text, "low": low, "high": high, "choices": tuple(choices)})


def option_name(key: str) -> str:
    """Return what a field is called on the command line."""
    return f"--{key.replace('_', '-')}"


def _check(key: str, value: Any, kind: Any, limits: Mapping[str, Any]) -> None:
    """Raise RunError unless a field of type `kind` may hold `value`; whole numbers pass for others."""
    option = option_name(key)
    if not isinstance(value, kind | int if kind in FLOATS else kind) or (type(value) is bool) != (kind is bool):
        raise RunError(f"{option} {value!r}: not of the right type")
    if limits["choices"] and value not in limits["choices"]:
        raise RunError(f"{option} {value}: unknown; choose from {', '.join(limits['choices'])}")
    if type(value) in (int, float) and not limits["low"] <= value <= limits["high"]:
        raise RunError(f"{option} {value}: not between {limits['low']:,.15g} and {limits['high']:,.15g}")
    if isinstance(value, str) and ("\0" in value or value != value.encode(errors="ignore").decode()):
        raise RunError(f"{option} {value}: not in UTF-8, as recipes are; rename what it names")


@dataclass(frozen=True)
class Recipe:
    """How a net is trained. With the same data, seed, thread count and versions it repeats bit for bit on a CPU.

    Raises RunError, naming the option, for what no training can do.
    """

    data: str = _option("cifar10", DATA_HELP)
    extra: str = _option("", "Folder or table of more photos, as --data, that join it; new classes join, too.")
    net: str = _option("batchnorm", "The net; `train --list-nets` shows how large each is.", choices=NETS)
    width: float = _option(1.0, "Factor for the channels and units of the net's hidden layers.", low=0.1, high=8)
    size: int = _option(
        32, "Width and height in pixels that images are resized to.  [default: 32; backbones: 224]", low=8, high=320
    )
    epochs: int = _option(40, "Passes over the training images.", low=1)
    batch_size: int = _option(128, "Images that each step learns from.", low=2)
    optimizer: str = _option("sgd", "Rule by which gradients move the weights.", choices=OPTIMIZERS)
    lr: float = _option(0.15, "Learning rate at its peak: how far a step moves.  [default: the optimizer's]", low=0)
    schedule: str = _option("onecycle", "How the learning rate falls after the warm-up.", choices=SCHEDULES)
    head_lr: float = _option(1.0, "Learning rate of the last layer (the head), as a share of --lr.", low=1e-6, high=1)
    warmup: float = _option(0.25, "Share of all steps in which the learning rate rises from 0 to --lr.", low=0, high=1)
    momentum: float = _option(
        0.9, "Share of a step that goes on in the next; of sgd and muon (Nesterov), and of rmsprop.", low=0, high=0.999
    )
    weight_decay: float = _option(5e-4, "How strongly weights are drawn to 0; batchnorm and biases are not.", low=0)
    # Without a limit on the gradient a short warm-up kills the batchnorm CNN at its peak rate.
    clip: float = _option(1.0, "Norm that longer gradients are shortened to; 0: none is.", low=0)
    label_smoothing: float = _option(
        0.05, "Share of the target spread over all classes, so that the net is less sure of itself.", low=0, high=0.9
    )
    class_weights: bool = _option(False, "Weight classes by the inverse of how often they occur: rare ones count more.")
    dropout: float | None = _option(
        None, "Share of units that dropout layers silence at random.  [default: the net's own]", low=0, high=0.95
    )
    ema: float = _option(
        0.0, "Keep a moving average of the weights; each step leaves this share of it. 0: don't.", low=0, high=0.9999
    )
    augment: str = _option(
        "crop=0.125,flip,cutout=0.25",  # at 32 pixels 4 and 8
        f"Random changes to training images: any of {Augmentation.usage()}, with strengths; or none.",
    )
    # With a rate that falls to nothing and few validation images, which of the last epochs is best is drawn by lot.
    keep: str = _option(
        "best", "Epoch whose weights are kept: the best on validation images, or the last.", choices=("best", "last")
    )
    early_stopping: int = _option(0, "Stop after so many epochs without a better validation accuracy; 0: never.", low=0)
    init: str = _option(
        "",
        "Start from these weights instead of random ones: a run folder's (with other classes or another size the last "
        "layer starts anew, and the net may be deeper by residual blocks); imagenet: those of the net's authors, "
        "found on ImageNet, where there are any; shipped: those of the batchnorm net in this package; identity: "
        "random, but convolutions first hand on what they are given, for short trainings.",
    )
    unfreeze_after: int = _option(
        0,
        "Epochs in which only the last layer (the head) learns: it is fitted to what the net, as it starts, makes of "
        "so many views of the images, the first as they are, the others augmented.  "
        "[default: 0; recipe finetune: by the photos]",
        low=0,
    )
    freeze: float = _option(
        0.0,
        "Share of the net's layers with weights, from the first on, that keep those they start with; 0: none, 1: all "
        "but the head, so that all epochs are such as --unfreeze-after has.  "
        "[default: 0; recipe finetune: by the photos and the device]",
        low=0,
        high=1,
    )
    freeze_statistics: bool = _option(
        False, "Batchnorm keeps the means and deviations it starts with, which few images or small batches would spoil."
    )
    layer_decay: float = _option(
        1.0, "Learning rate of each layer with weights, as a share of that of the layer behind it.", low=0.1, high=1
    )
    teacher: str = _option(
        "",
        "Learn from a trained net's answers, too (distillation): of a run folder, an .onnx file or a model of the "
        "package; of several (a,b), the mean of their logits.",
    )
    distill: float = _option(
        0.9, "Share of the loss that asks for the teacher's answers; the rest asks for the labels.", low=0, high=1
    )
    distill_temperature: float = _option(
        4.0, "Divides both nets' logits: the higher, the more unlikely classes count.", low=0.1, high=100
    )
    views: int = _option(
        0,
        "Augment the images in so many ways only, an epoch each, in turn, so that the teacher answers each once; "
        "0: in new ways each epoch.",
        low=0,
    )
    amp: bool = _option(
        True,
        "Training steps in bfloat16 where the hardware is faster with it, in float16 on GPUs without it; accuracies "
        "are measured in float32.",
    )
    compile: bool = _option(False, "Compile the net with torch.compile: a slower start, faster steps.")
    val_fraction: float = _option(
        0.1, "Share of the training images held out for validation, to choose the best epoch.", low=0.001, high=0.9
    )
    split_by: str = _option(
        "",
        "Regular expression whose groups find in a photo's path what must stay on one side of a split: its scene, "
        "day or device.  [default: photos that look alike stay together]",
    )
    seed: int = _option(0, "Seed of all that is random: weights, order, augmentation.", low=0, high=2**32 - 1)

    def __post_init__(self) -> None:
        for option in fields(self):
            _check(option.name, getattr(self, option.name), option.type, option.metadata)
        self.augmentation.check_size(self.size)
        check_pattern(self.split_by)
        for _ in shapes(self.layers, self.size):  # raises where the image is too small
            pass

    @property
    def layers(self) -> tuple[Layer, ...]:
        """The layers of the net, as wide as they are to be."""
        return scaled(NETS[self.net], self.width)

    @property
    def head_epochs(self) -> int:
        """The epochs, the first ones, in which only the head learns."""
        return self.epochs if self.freeze == 1 else min(self.unfreeze_after, self.epochs)

    @property
    def augmentation(self) -> Augmentation:
        """What `augment` asks for. Raises RunError."""
        return Augmentation.parse(self.augment)

    @property
    def rule(self) -> str:
        """How photos of folders are dealt out to splits, as `split_rules` has it."""
        return BY_NAME + self.split_by if self.split_by else ALIKE

    def to_toml(self) -> str:
        """Return the recipe as TOML that `read_toml` takes; what is None is left out."""
        # JSON's numbers, booleans and strings are TOML's.
        return "".join(f"{key} = {json.dumps(value)}\n" for key, value in asdict(self).items() if value is not None)


DISTILLED, FINETUNE = "distilled", "finetune"
RANDOM = "", "identity"  # what `init` calls weights that nothing has learned
FINETUNE_RATE = 0.1  # of the learning rate that an optimizer has for random weights
BACKBONE_SIZE = 224  # pixels, what the backbones' weights were trained at
RECIPES: dict[str, Recipe] = {
    "quick": Recipe(epochs=10, augment="crop=0.125,flip"),
    "standard": Recipe(),
    "long": Recipe(epochs=200, ema=0.999),
    # A net to learn from, and how the small nets of the package learned from another (with --net and --teacher).
    "teacher": Recipe(
        net="wide", init="identity", head_lr=0.0123, batch_size=512, lr=0.4, weight_decay=1e-3, epochs=36
    ),
    DISTILLED: Recipe(
        epochs=120,
        views=8,
        optimizer="muon",
        lr=0.1,
        warmup=0.1,
        label_smoothing=0.0,
        augment="crop=0.125,flip,photo=0.1",
    ),
    # From weights that are good already (with --init) to other classes.
    FINETUNE: Recipe(
        epochs=12,
        unfreeze_after=4,
        batch_size=32,
        optimizer="adamw",
        lr=3e-4,
        schedule="cosine",
        warmup=0.1,
        weight_decay=0.01,
        label_smoothing=0.1,
        freeze_statistics=True,
        layer_decay=0.98,
        augment="flip,rotate=8,zoom=0.15,color=0.2",
    ),
}


def make_recipe(name: str, *changes: Mapping[str, Any]) -> Recipe:
    """Return the recipe called `name` with `changes`, later ones first, checked.

    Without a learning rate among the changes, another optimizer brings its own; without a size a backbone brings
    that of its weights. Raises RunError, naming the option.
    """
    if name not in RECIPES:
        raise RunError(f"--recipe {name}: unknown; choose from {', '.join(RECIPES)}")
    merged = {key: value for change in changes for key, value in change.items()}
    known = {option.name: option for option in fields(Recipe)}
    for key, value in merged.items():
        if key not in known:
            raise RunError(f"{key}: no option of a recipe; choose from {', '.join(known)}")
        _check(key, value, known[key].type, known[key].metadata)
        merged[key] = float(value) if type(value) is int and known[key].type in FLOATS else value
    if "size" not in merged and merged.get("net") in BACKBONES:
        merged["size"] = BACKBONE_SIZE
    if "optimizer" in merged and "lr" not in merged:
        merged["lr"] = OPTIMIZERS[merged["optimizer"]].lr * (FINETUNE_RATE if name == FINETUNE else 1)
    recipe = replace(RECIPES[name], **merged)
    if recipe.dropout is not None and not any(isinstance(layer, Dropout) for layer in recipe.layers):
        raise RunError(f"--dropout {recipe.dropout}: --net {recipe.net} has no dropout layers that it could set")
    if recipe.init in RANDOM:
        _check_kept(name, recipe)
    if recipe.init == IMAGENET and (recipe.net not in BACKBONES or recipe.width != 1):
        raise RunError(
            f"--init imagenet: no such weights for --net {recipe.net} of --width {recipe.width:g}; there are for "
            f"{', '.join(BACKBONES)}, of width 1"
        )
    if name == DISTILLED and not recipe.teacher:
        raise RunError(f"--recipe {DISTILLED}: learns from another net; name it with --teacher")
    return recipe


def recipe_name(name: str | None, *changes: Mapping[str, Any]) -> str:
    """Return which named recipe `changes` are made to where none is named: one that suits what they start from."""
    return name or (FINETUNE if any(change.get("init") == IMAGENET for change in changes) else "standard")


def _check_kept(name: str, recipe: Recipe) -> None:
    """Raise RunError if random weights are to be kept."""
    if name == FINETUNE:
        raise RunError(f"--recipe {FINETUNE}: starts from weights that are good already; name them with --init")
    for key in ("unfreeze_after", "freeze", "freeze_statistics"):
        if value := getattr(recipe, key):
            raise RunError(
                f"{option_name(key)} {value}: keeps random weights; name better ones to start from by --init"
            )


def read_toml(path: Path) -> dict[str, Any]:
    """Return the options in a TOML file. Raises RunError when it can't be read."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise RunError(f"cannot read {path}: {error.strerror}") from error
    except ValueError as error:
        raise RunError(f"{path}: not a TOML file ({error})") from error
