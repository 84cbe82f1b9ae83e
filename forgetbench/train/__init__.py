"""Training: every branch of a suite off one frozen trunk."""
