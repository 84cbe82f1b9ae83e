"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path

import click

suite_argument = click.argument("suite", type=click.Path(path_type=Path))
set_option = click.option(
    "--set",
    "overrides",
    multiple=True,
    metavar="KEY=VALUE",
    help="Change a value of the suite, e.g. --set train.epochs=2; may be given several times.",
)
device_option = click.option("--device", metavar="NAME", help="Where to compute, e.g. cuda:0 or cpu.")
verbose_option = click.option("-v", "--verbose", is_flag=True, help="Say more, and show tracebacks.")
quiet_option = click.option("-q", "--quiet", is_flag=True, help="Say only warnings and errors.")
