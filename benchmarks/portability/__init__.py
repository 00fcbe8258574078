"""Whether CPUs agree to the bit: models on emulated CPUs, and nets made to break the proof."""

__all__ = ["conformance_report", "emulators"]
