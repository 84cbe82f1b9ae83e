"""The conductor: plan, run folder, resume."""
