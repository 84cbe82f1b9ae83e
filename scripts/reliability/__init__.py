"""How forgetbench is attacked: kills at any moment, see docs/reliability.md."""
