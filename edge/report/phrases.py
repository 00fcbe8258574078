"""How comparisons are put into words, alike on all pages."""

REAL = 0.05  # p below which a difference in accuracy is taken for real


def times_as_fast(ratio: float) -> str:
    """Return a ratio of durations as "2.8 times as fast" or "1.3 times as slow"."""
    return f"{1 / ratio:.1f} times as fast" if ratio < 1 else f"{ratio:.1f} times as slow"


def accuracy_lost(points: float, p: float, n: int) -> str:
    """Say what accuracy one model loses (or gains) against another: points, and McNemar's p on `n` images."""
    evidence = f"{abs(points):.2f} points, p = {p:.2g}, {n:,} images"
    if p >= REAL or not points:
        return f"in accuracy the two can't be told apart ({evidence})"
    return f"its accuracy is {'lower' if points > 0 else 'higher'} ({evidence})"
