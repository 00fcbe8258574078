"""What decides which weights come out: the recipe, and the parts that its fields name."""

__all__ = ["augment_batch", "augmentation", "loss", "make_optimizer", "mixup", "optimizers", "recipe", "schedule"]
