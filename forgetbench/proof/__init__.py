"""Verifying, comparing and packing finished runs, without PyTorch or a model."""
