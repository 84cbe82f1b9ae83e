"""Mutated inputs for forgetbench's readers; `scripts/fuzz --help` says how to run it, docs/reliability.md what for."""
