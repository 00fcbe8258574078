"""Nets as ONNX graphs: written, read, run while they are in memory."""

__all__ = ["graph_view", "net_graph", "run_graph", "versions"]
