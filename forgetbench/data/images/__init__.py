"""What images are: measured, hashed, shared between splits, in which frame their boxes are given."""
