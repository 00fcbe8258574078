"""What decides which weights come out: the recipe, and the parts that its fields name."""
