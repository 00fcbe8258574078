"""The original file as its owner runs it: its own graph in onnxruntime, fed by its own pixel rule."""

import numpy as np
import onnx
import onnxruntime

from ...edge.data.labelled_images import LabelledImages
from ...edge.errors import ModelError
from ...edge.machine.cores import usable_cores
from ...edge.model.contract import Logits
from ..cleanup.float32 import to_float32
from ..foreign.foreign_net import ForeignNet

BATCH = 16  # images, where the file allows more than one
IN_BETWEEN = ("Identity", "Cast", "Reshape", "Flatten", "Squeeze")  # what may stand behind a Softmax
PROBABILITIES = ("Softmax", "LogSoftmax")


class Original:
    """Runs a net from elsewhere as it came, up to its logits; one of float16 in float32, for which it stands."""

    def __init__(self, net: ForeignNet):
        """Open the file. Raises ModelError when onnxruntime refuses it."""
        self._net = net
        self._output = logits_name(net)
        model = to_float32(net.model) if _is_half(net) else net.model
        if self._output != net.output:
            opened = onnx.ModelProto()
            opened.CopyFrom(model)
            model = opened
            model.graph.output.append(onnx.ValueInfoProto(name=self._output))
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = usable_cores()
        options.log_severity_level = 4  # errors arrive as exceptions
        options.enable_cpu_mem_arena = False  # which would keep what the largest batch needed
        try:
            self._session = onnxruntime.InferenceSession(
                model.SerializeToString(), options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # onnxruntime's own kinds, which it does not name in public
            raise ModelError(f"{net.path}: onnxruntime can't run it ({str(error).splitlines()[0][:200]})") from error
        [entry] = self._session.get_inputs()
        self._batch = entry.shape[0] if isinstance(entry.shape[0], int) else BATCH

    def logits(self, images: LabelledImages) -> Logits:
        """Return float32 logits (N, classes) of images, what is before a last Softmax."""
        parts = []
        for start in range(0, len(images), self._batch):
            pixels = images.images[start : start + self._batch]
            inputs = self._net.rule.inputs(pixels)
            missing = self._batch - len(inputs) if self._batch != BATCH else 0  # of a batch of fixed size
            inputs = np.concatenate([inputs, np.repeat(inputs[-1:], missing, axis=0)])
            [found] = self._session.run([self._output], {self._net.input: inputs})
            parts.append(np.asarray(found, np.float32).reshape(len(inputs), -1)[: len(pixels)])
        return np.concatenate(parts)


def logits_name(net: ForeignNet) -> str:
    """Return the tensor that holds the logits: the output, or what a last Softmax reads."""
    makers = {name: node for node in net.model.graph.node for name in node.output}
    name = net.output
    while (node := makers.get(name)) is not None and node.op_type in IN_BETWEEN:
        name = node.input[0]
    softmax = makers.get(name)
    return softmax.input[0] if softmax is not None and softmax.op_type in PROBABILITIES else net.output


def _is_half(net: ForeignNet) -> bool:
    return any(entry.type.tensor_type.elem_type == onnx.TensorProto.FLOAT16 for entry in net.model.graph.input)
