"""Taking a model home: one file of what a run trained, proved by the run's own scores."""
