"""From good weights to a net of other classes: the head first, on features computed once, then more of the net."""

__all__ = ["frozen", "head_stage"]
