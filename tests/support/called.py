"""Commands called as users call them."""

from click.testing import CliRunner, Result

from forgetbench.cli import main as cli


def call(*arguments: object) -> Result:
    """Call `forgetbench` with these arguments on a terminal of 200 columns."""
    return CliRunner(env={"COLUMNS": "200"}).invoke(cli.main, [str(argument) for argument in arguments])
