"""Whether CPUs agree to the bit: models on emulated CPUs, and nets made to break the proof."""

__all__ = [
    "conformance",
    "conformance_photos",
    "conformance_report",
    "emulated",
    "emulators",
    "emulators_setup",
    "full_range",
]
