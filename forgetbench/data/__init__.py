"""Datasets: readers of the common layouts, all to one form."""
