"""The COCO format: annotation files, their classes, images and splits."""
