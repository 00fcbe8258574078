"""Names out of a file, in messages: they may be of any length."""

LONGEST = 60  # characters


def short_name(name: str) -> str:
    """Return a name, cut where it is too long."""
    return name if len(name) <= LONGEST else f"{name[:LONGEST]}..."
