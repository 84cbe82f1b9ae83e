"""What only a graphics card can prove, and what a processor can count for it."""
