"""Evaluation: one pass over a dataset for every checkpoint, and COCO scores."""
