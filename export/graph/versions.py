"""What model files ask of a runtime: the least that their nodes allow."""

OPSET = 13  # the first with per-channel DequantizeLinear, onnxruntime 1.8
IR_VERSION = 7  # that of opset 13
