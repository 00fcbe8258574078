"""Photos in, labels out: the classifier, what it looks at, and how often."""
