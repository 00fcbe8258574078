"""All steps of the clean-up, in their order."""

import onnx

from ..foreign.foreign_net import ForeignNet


def to_contract(net: ForeignNet) -> onnx.ModelProto:
    """Return the float model of `net` by the model contract. Raises ModelError for what can't be brought to it."""
    raise NotImplementedError(net.name)
