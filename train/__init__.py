"""The trainer: fit a small net with PyTorch."""
