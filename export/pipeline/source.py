"""What is exported, wherever it comes from: a float graph by the model contract, its card, photos to prove it on."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

import onnx

from ...edge.data.labelled_images import LabelledImages
from ...edge.model.card import ModelCard
from ...edge.model.contract import Logits
from ...edge.photos.contract import Photo
from ...edge.stats.label_errors import Doubt
from ..evidence.measured_accuracy import TRAINED
from ..quantization.accuracy_ladder import Budget
from ..quantization.calibration import Range

RECORDED = ("edge-cifar", "onnx", "onnxruntime", "numpy", "pillow")  # packages that can change a file
FineTune: TypeAlias = Callable[[Budget, Mapping[str, Range]], onnx.ModelProto]


@dataclass(frozen=True)
class Source:
    """A net to be exported.

    `name` is what messages call it, `title` what its page does, `facts` what `export.json` tells of where it comes
    from. `reference` computes float32 logits (N, classes) of images as the original does, which in words is `origin`:
    what the fp32 file is compared with. `require_unchanged` raises ModelError when the original is no longer what was
    read. Without `fine_tune` no weights can be trained. `labelled`: the targets are what the photos show, not what the
    float file answered. `history` is of its training, by epoch, and `doubts` what that said of labels, None where it
    said nothing. `photo_of` gives the photo of a split and id, larger than nets take it where that is known; `files`
    are photos from which the time for one can be told.
    """

    name: str
    title: str
    model: onnx.ModelProto
    card: ModelCard
    train: LabelledImages
    val: LabelledImages
    test: LabelledImages
    reference: Callable[[LabelledImages], Logits]
    require_unchanged: Callable[[], None]
    photo_of: Callable[[str, str], Photo]
    facts: Mapping[str, Any]
    remarks: tuple[str, ...] = ()
    fine_tune: FineTune | None = None
    origin: str = TRAINED
    labelled: bool = True
    history: Sequence[Mapping[str, Any]] = field(default=())
    doubts: Sequence[Doubt] | None = None
    files: Sequence[Path] = ()
