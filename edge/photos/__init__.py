"""From a photo, whatever it comes in, to the pixels that a net sees, within limits."""

__all__ = ["contract", "folder_walk", "left_out", "limits", "pillow_remarks", "preprocessing", "source", "suffixes"]
