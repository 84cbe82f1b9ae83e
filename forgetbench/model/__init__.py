"""Models: safe weights, the frozen trunk, branches and heads."""
