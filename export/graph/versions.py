"""What graphs by the model contract have in common: what they ask of a runtime, and how they begin."""

OPSET = 13  # the first with per-channel DequantizeLinear, onnxruntime 1.8
IR_VERSION = 7  # that of opset 13
NORMALIZED = "normalized"  # tensor: float (N, 4, H, W), what the first convolution sees
