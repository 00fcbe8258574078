"""What is written and drawn when training ends."""
