"""`forgetbench suites`: the suites that come with forgetbench."""

from __future__ import annotations

import click

from forgetbench.cli.options import shipped_argument, verbose_option


@click.group("suites", invoke_without_command=True)
@click.pass_context
def command(context: click.Context) -> None:
    """List the suites that come with forgetbench.

    `run` and `check` accept these names. A file of the same name in the current folder is preferred. To base your own
    suite on one of them, write `extends: NAME` into it, or save the output of `show` and edit it.
    """
    if context.invoked_subcommand is not None:
        return
    from forgetbench.suite.shipped import shipped_suites, title_of

    suites = shipped_suites()
    width = max(map(len, suites), default=0)
    for name, path in suites.items():
        click.echo(f"{name:<{width}}  {title_of(path)}")


@command.command("show")
@shipped_argument
@verbose_option
def show_command(name: str, verbose: bool) -> None:  # noqa: ARG001  (-v is read by the error handler)
    """Print a suite, with its comments.

    NAME is that of a suite that comes with forgetbench.
    """
    from forgetbench.suite.shipped import shipped_suite

    click.echo(shipped_suite(name).read_text(encoding="utf-8"), nl=False)
