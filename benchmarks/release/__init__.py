"""From a commit to the files that are handed out: built twice, checked, tried in an empty environment, summed up."""

__all__: list[str] = []
