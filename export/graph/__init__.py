"""Nets as ONNX graphs: written, read, run while they are in memory."""

__all__ = ["costs", "graph_view", "graph_writer", "net_graph", "run_graph", "versions"]
