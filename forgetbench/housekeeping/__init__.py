"""Which runs there are, and what of the disk can be freed; needs no PyTorch."""
