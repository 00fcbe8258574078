"""Results on disk: rows, files of them that a killed run goes on with, and pictures drawn of photos."""
