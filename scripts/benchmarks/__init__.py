"""The same sweep through a plain script, a tuned script and forgetbench, measured; `scripts/bench` runs it."""
