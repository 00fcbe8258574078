"""From a photo, whatever it comes in, to the pixels that a net sees, within limits."""
