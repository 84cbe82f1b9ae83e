"""Whether a run is what it says: verify, compare, pack; without PyTorch or a model."""
