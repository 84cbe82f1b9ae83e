"""The YOLO format: data.yaml, label files, their forms."""
