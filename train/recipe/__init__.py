"""What decides which weights come out: the recipe, and the parts that its fields name."""

__all__ = ["augmentation", "loss", "mixup", "optimizers", "recipe", "schedule"]
