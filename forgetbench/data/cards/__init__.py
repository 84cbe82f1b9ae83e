"""Datasets by name: their cards, downloads, archives, and where they lie."""
