"""From somebody else's graph to one by the model contract, in small steps that don't change what it computes."""

__all__ = ["float32", "to_contract"]
