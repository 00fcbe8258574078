"""Nets as ONNX graphs: written, read, run while they are in memory."""

__all__ = ["costs", "graph_view", "graph_writer", "net_graph", "pixel_steps", "run_graph", "versions"]
