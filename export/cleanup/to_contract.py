"""All steps of the clean-up, in their order."""

import numpy as np
import onnx

from ...edge.errors import ModelError
from ...edge.model.contract import INPUT, OUTPUT
from ..foreign.foreign_net import ForeignNet
from ..graph.run_graph import open_session
from .activations import name_activations
from .batchnorm import fold_batchnorms, fold_constants
from .dense import keep_images, make_head
from .draft import Draft
from .finish import finish
from .float32 import to_float32
from .free_batch import free_batch
from .logits_out import take_logits
from .lower import lower
from .padding import fold_pads, write_padding_out
from .pixels_in import take_pixels
from .pooling import pool_globally, round_down
from .settle import settle

FREE_BATCH = 1009  # a prime, so that the multiples of it in a graph's shapes are the batch's


ONE_IMAGE = "its shapes are for one image at a time; export it anew with a free batch (dynamic_axes, dynamic_shapes)"


def to_contract(net: ForeignNet) -> onnx.ModelProto:
    """Return the float model of `net` by the model contract. Raises ModelError for what can't be brought to it."""
    size = net.rule.preprocessing.size
    image = (size, size, 3) if net.rule.layout == "nhwc" else (3, size, size)
    shape = (_batch(net.model), *image)
    try:
        draft = Draft(settle(to_float32(net.model), shape), shape)
        take_logits(draft)
        write_padding_out(draft)
        fold_pads(draft)
        free_batch(draft)
        pool_globally(draft)
        round_down(draft)
        name_activations(draft)
        keep_images(draft)
        fold_batchnorms(draft)
        fold_constants(draft)
        make_head(draft)
        take_pixels(draft, net.rule)
        lower(draft)
        model = finish(draft, len(net.labels))
        _require_free_batch(model, size)
        return model
    except ModelError as error:
        raise ModelError(f"{net.path}: {error}") from error


def _batch(model: onnx.ModelProto) -> int:
    """Return the batch to settle shapes for: the model's own, where it has but one."""
    dims = model.graph.input[0].type.tensor_type.shape.dim
    return dims[0].dim_value if dims and dims[0].dim_value > 0 else FREE_BATCH


def _require_free_batch(model: onnx.ModelProto, size: int) -> None:
    """Raise ModelError unless the model computes images together as it does one by one."""
    images = np.random.default_rng(0).integers(0, 256, (2, size, size, 4)).astype(np.uint8)
    images[..., 3] = 255
    try:
        session = open_session(model)
        together, first, second = (session.run([OUTPUT], {INPUT: part})[0] for part in (images, images[:1], images[1:]))
    except Exception as error:  # onnxruntime's, of whatever the graph is made of
        raise ModelError(f"{ONE_IMAGE}: {error}") from error
    alone = np.concatenate([first, second])
    if together.shape != alone.shape or not np.allclose(together, alone, rtol=0, atol=1e-3 * np.ptp(alone)):
        raise ModelError(f"{ONE_IMAGE}: they change one another")
