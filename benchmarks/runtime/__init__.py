"""Where the time goes inside of onnxruntime and of the training loop."""
