"""A model file: checked before it is opened, opened in onnxruntime, verified by the logits in it."""
