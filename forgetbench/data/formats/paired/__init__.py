"""Formats with one annotation file for each image: their layouts, whose file is whose, and the source of both."""
