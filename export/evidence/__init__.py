"""What exported files are worth, measured by running them, and told to people and programs."""
