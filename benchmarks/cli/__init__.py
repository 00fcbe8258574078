"""The commands `benchmark`, `compare-benchmarks` and `demo`."""
