"""Strategies that show what a strategy can do, a file each, as a package of its own would ship them."""
