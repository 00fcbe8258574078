"""The proof that every CPU gives the same bits: rules for operators, applied to each node."""

__all__ = ["enumeration", "functions", "int8_share", "portability", "prove_graph", "saturation"]
