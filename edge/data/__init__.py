"""Labelled images: datasets and folders, how they are split, and which photos a net has seen."""

__all__ = ["cifar", "datasets", "labelled_images", "seen_photos", "split_folders", "synthetic_shapes"]
