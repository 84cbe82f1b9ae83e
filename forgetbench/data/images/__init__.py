"""What images are: measured, hashed, shared between parts, in which frame their boxes are given."""
