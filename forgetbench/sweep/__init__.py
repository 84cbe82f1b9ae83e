"""The order of work: training, evaluating, deriving, drawing, and going on after an interruption."""
