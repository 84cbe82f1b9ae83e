"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path

import click
from click.shell_completion import CompletionItem


def _suite_names(_context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Return what a shell offers where a name of a suite that comes with forgetbench is due."""
    from forgetbench.suite.shipped import shipped_suites, title_of

    found = ((name, path) for name, path in shipped_suites().items() if name.startswith(incomplete))
    return [CompletionItem(name, help=title_of(path)) for name, path in found]


def _suites(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Return what a shell offers where a suite is due: names, and files."""
    here = [CompletionItem(path.name) for path in sorted(Path().glob("*.yaml")) if path.name.startswith(incomplete)]
    return [*here, *_suite_names(context, parameter, incomplete)] or [CompletionItem(incomplete, type="file")]


def _cards(_context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Return what a shell offers where a card is due: names, and files."""
    from forgetbench.data.cards.card import card_files

    names = [CompletionItem(name) for name in card_files(Path.cwd()) if name.startswith(incomplete)]
    return names or [CompletionItem(incomplete, type="file")]


def _names(_context: click.Context, _parameter: click.Parameter, given: str | None) -> tuple[str, ...] | None:
    """Return names that a comma parts, None if the option was not given."""
    return None if given is None else tuple(name for part in given.split(",") if (name := part.strip()))


suite_argument = click.argument("suite", type=click.Path(path_type=Path), shell_complete=_suites)
shipped_argument = click.argument("name", shell_complete=_suite_names)
card_argument = click.argument("card", shell_complete=_cards)
cards_argument = click.argument("cards", nargs=-1, required=True, shell_complete=_cards)
set_option = click.option(
    "--set",
    "overrides",
    multiple=True,
    metavar="KEY=VALUE",
    help="Override a value of the suite, e.g. --set train.epochs=2. Can be repeated.",
)
keep_option = click.option(
    "--keep",
    callback=_names,
    metavar="CLASSES",
    help="Classes of the reference to weigh forgetting by alone, e.g. --keep person,car,truck.",
)
device_option = click.option("--device", metavar="NAME", help="Device to compute on, e.g. cuda:0 or cpu.")
verbose_option = click.option("-v", "--verbose", is_flag=True, help="Show more detail, and tracebacks of errors.")
quiet_option = click.option("-q", "--quiet", is_flag=True, help="Show only warnings and errors.")
