"""Which images are held out: by their own content, by what they show or are called, or by their place."""

__all__ = ["split_rules"]
