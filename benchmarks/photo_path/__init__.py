"""What the way from a photo to pixels costs, and what it does to accuracy."""

__all__ = ["decode_speed", "throughput"]
