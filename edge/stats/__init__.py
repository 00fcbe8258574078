"""Statistics in numpy: how accurate, how sure, how fast."""
