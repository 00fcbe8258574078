"""Which images are held out: by their content, by what they show or how they are called, or by their place."""

__all__ = ["look_alikes", "name_groups", "split_rules"]
