"""From good weights to a net of other classes: the head first, on features computed once, then more of the net."""

__all__ = ["cost", "frozen", "head_stage", "out_of_fold", "plan"]
