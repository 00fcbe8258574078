"""Training: step by step, epoch by epoch, stopped and gone on with."""
