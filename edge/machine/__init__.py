"""What this machine is and allows: cores, memory, heat, as Linux tells it."""

__all__ = ["cores", "description", "memory", "procfs", "throttling"]
