"""The search for a better recipe, with Optuna."""
