"""The commands `train`, `tune` and `compare`."""
