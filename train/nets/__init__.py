"""Nets as data, and as torch modules with their first weights."""

__all__ = ["backbones", "catalogue", "identity_init", "layers", "torch_modules"]
