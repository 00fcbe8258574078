"""Run folders: what training leaves, and what starts from it."""
