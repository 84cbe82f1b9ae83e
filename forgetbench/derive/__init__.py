"""Tables that are made from other files of a run: its scores, detections and annotations."""
