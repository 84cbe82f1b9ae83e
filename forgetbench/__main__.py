"""`python -m forgetbench` is the `forgetbench` command."""

from forgetbench.cli.main import main

main()
