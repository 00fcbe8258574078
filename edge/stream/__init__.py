"""Many photos: found, read in parallel, classified as they come."""

__all__ = ["arrivals", "classify_stream", "find_photos", "photo_list", "result_hook"]
