"""An export from beginning to end, switched all at once."""
