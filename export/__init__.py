"""The exporter: a trained run to ONNX, fp32 and int8, with proof that they agree."""
