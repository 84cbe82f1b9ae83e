"""What readers of all formats share: names and paths, classes, one record a file."""
