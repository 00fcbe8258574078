"""The search for a better recipe, with Optuna."""

__all__ = ["best_recipe", "optuna_search", "search_space", "study"]
