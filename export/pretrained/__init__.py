"""Nets whose weights come with a package, as somebody else's file would bring them."""

__all__ = ["pretrained"]
