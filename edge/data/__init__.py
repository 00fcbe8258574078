"""Labelled images: datasets and folders, how they are split, and which photos a net has seen."""

__all__ = [
    "cifar",
    "class_folder",
    "content_hashes",
    "datasets",
    "decoded_cache",
    "image_folder",
    "labelled_images",
    "listed_photos",
    "pixel_rows",
    "seen_photos",
    "split_folders",
    "synthetic_shapes",
]
