"""`forgetbench data`: lists datasets by their cards, fetches them, and compares them with their cards."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.console import Console
from rich.table import Table

from forgetbench.cli.console import ConsoleProgress, add_row, say, show, table
from forgetbench.cli.main import console, in_words
from forgetbench.cli.options import card_argument, cards_argument, quiet_option, verbose_option
from forgetbench.errors import InputError, printable

if TYPE_CHECKING:
    from forgetbench.data.cards.card import Card, LoadedCard
    from forgetbench.data.inspect import Inspection

_UNKNOWN = "–"


@click.group("data")
def command() -> None:
    """List, download and check datasets.

    Each dataset is described by a card. CARD is the name of a card or a card file. A card in the current folder
    (NAME.card.yaml or cards/NAME.yaml) is preferred to one of the same name that comes with forgetbench.
    """


@command.command("list")
@verbose_option
def list_command(verbose: bool) -> None:
    """List all cards and show which data you have."""
    from forgetbench.data.cards.card import card_files, load_card
    from forgetbench.data.cards.locate import look_for

    here = Path.cwd()
    shown = Table(box=None, header_style="bold", pad_edge=False)
    shown.add_column("card", no_wrap=True)
    shown.add_column("what", overflow="fold")
    shown.add_column("images", justify="right", no_wrap=True)
    shown.add_column("classes", justify="right", no_wrap=True)
    shown.add_column("licence", overflow="fold", min_width=12)
    shown.add_column("state", no_wrap=True)
    for path in card_files(here).values():
        card = load_card(path).card
        present = look_for(card.path, here) is not None
        images, classes = card.data.limit or card.image_count("all"), card.class_names
        add_row(
            shown,
            card.name,
            card.title,
            _UNKNOWN if images is None else f"{images:,}",
            str(len(classes)) if classes else _UNKNOWN,
            card.licence,
            "present" if present else "fetchable" if card.archives else "by hand",
        )
        if verbose:
            add_row(shown, "", card.source or _UNKNOWN, "", "", "", "")
    console().print(shown)


@command.command("fetch")
@card_argument
@verbose_option
@quiet_option
def fetch_command(card: str, verbose: bool, quiet: bool) -> None:
    """Download, verify and unpack a dataset.

    CARD is the name of a card or a card file. If a download was interrupted, the same command continues it.
    """
    from forgetbench.data.cards.download import fetch
    from forgetbench.data.cards.locate import look_for
    from forgetbench.progress import download_messages

    found = _find(card)
    progress = ConsoleProgress(console(), quiet=quiet, verbose=verbose)
    place = look_for(found.card.path, found.folder)
    if place is not None:
        progress.message(f"{found.card.name} is there already: {place}")
        return
    if found.card.archives:
        progress.message(f"{found.card.title}; licence: {found.card.licence}; see {found.card.source or 'its card'}")
    place = fetch(found, download_messages(progress))
    progress.message(f"{found.card.name} is now in {place}")


@command.command("check")
@cards_argument
@verbose_option
@click.pass_context
def check_command(context: click.Context, cards: tuple[str, ...], verbose: bool) -> None:
    """Compare datasets with their cards.

    CARDS are names of cards or card files. Reads all of their data, and lists what differs from the card and what is
    odd.
    """
    from forgetbench.data.inspect import inspect

    screen = console()
    failed = False
    for name in cards:
        try:
            found = _find(name)
            _print_inspection(screen, found.card, inspect(found, found.folder), verbose)
        except InputError as error:
            click.echo(f"error: {in_words(error)}", err=True)
            failed = True
    if failed:
        context.exit(InputError.exit_code)


@command.command("path")
@card_argument
def path_command(card: str) -> None:
    """Print the folder of a dataset.

    CARD is the name of a card or a card file.
    """
    from forgetbench.data.cards.download import how_to_get
    from forgetbench.data.cards.locate import find_data

    found = _find(card)
    click.echo(printable(str(find_data(found.card.path, found.folder, how_to_get(found)))))


def _find(name: str) -> LoadedCard:
    from forgetbench.data.cards.card import find_card, load_card

    return load_card(Path(name)) if name.endswith((".yaml", ".yml")) or "/" in name else find_card(name, Path.cwd())


def _print_inspection(screen: Console, card: Card, seen: Inspection, verbose: bool) -> None:
    from forgetbench.cli.check import print_oddities

    rows = []
    for dataset in seen.splits:
        stated = None if card.data.split is not None else card.image_count(dataset.split)
        said = _UNKNOWN if stated is None else f"{stated:,}"
        rows.append([dataset.split, f"{len(dataset.samples):,}", said, f"{dataset.instances:,}"])
    if card.data.split is not None:
        stated, images = card.image_count("all"), sum(len(dataset.samples) for dataset in seen.splits)
        boxes = sum(dataset.instances for dataset in seen.splits)
        rows.append(["all", f"{images:,}", _UNKNOWN if stated is None else f"{stated:,}", f"{boxes:,}"])
    say(screen, f"{card.name}: {card.title}, in {seen.root}")
    show(screen, table("", ["part", "images", "card says", "boxes"], rows))
    classes = seen.splits[0].classes
    agree = "does not name them" if card.class_names is None else "agrees" if card.class_names == classes else "differs"
    say(screen, f"{len(classes)} classes (the card {agree}): {', '.join(classes)}")
    print_oddities(screen, card.name, seen.report, verbose)
    say(screen)
