"""What a run will take of time and disk, and whether it can begin: said before it does."""
