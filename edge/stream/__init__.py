"""Many photos: found, read in parallel, classified as they come."""
