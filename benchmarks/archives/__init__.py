"""Archives on Ray: its cost beside the local stream, kills, memory, and what a hundred million photos would take."""

__all__: list[str] = []
