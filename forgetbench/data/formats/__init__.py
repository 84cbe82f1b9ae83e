"""Readers of datasets, one per format, and how a folder's format is recognised."""
