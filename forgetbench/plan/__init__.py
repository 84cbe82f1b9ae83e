"""What a suite leads to, found and checked before anything is computed."""
