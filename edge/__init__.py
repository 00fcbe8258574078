"""The runtime: classify photos with onnxruntime on a CPU. Needs numpy, Pillow and onnxruntime, never torch."""
