"""The drawn shapes world."""
