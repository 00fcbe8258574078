"""Nets as ONNX graphs: written, read, run while they are in memory."""

__all__ = ["conventions", "graph_view", "net_graph", "run_graph"]
