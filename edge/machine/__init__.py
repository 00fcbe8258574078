"""What this machine is and allows: cores, memory, heat, as Linux tells it."""
