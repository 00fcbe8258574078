"""What training does on a GPU: whether it is right there, and how fast; one command, one JSON."""

__all__: list[str] = []
