"""Photos in, labels out: the classifier, what it looks at, and how often."""

__all__ = ["classifier", "occlusion", "on_dataset", "prediction", "tta"]
