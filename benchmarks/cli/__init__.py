"""The commands `benchmark`, `compare` of benchmarks, and `demo`."""
