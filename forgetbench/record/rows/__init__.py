"""The rows of a run's tables."""
