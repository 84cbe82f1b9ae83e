"""Fetching what a card names: verified, unpacked beside its destination, and moved there whole.

An interrupted download leaves no folder that looks like data, and goes on where it stopped.
"""

from __future__ import annotations

import hashlib
import logging
import os
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import pooch
from filelock import FileLock

from forgetbench.data.cards.card import Archive, Card, LoadedCard
from forgetbench.data.cards.pins import PINS_FILE, Pin, add_pins, read_pins
from forgetbench.data.cards.transfer import OnBytes, Transfer
from forgetbench.data.cards.unpack import unpack
from forgetbench.data.dataset import Origin
from forgetbench.errors import DataError
from forgetbench.faults import cannot_write, writing
from forgetbench.files import cache_folder, expanded, sha256_file, writable_cache
from forgetbench.room import require_room


def data_home() -> Path:
    """Return where downloads go: FORGETBENCH_DATA if it can be written to, else the cache."""
    named = os.environ.get("FORGETBENCH_DATA")
    if named:
        folder = expanded(named).absolute()
        # What does not exist yet is made inside the nearest folder that does.
        existing = next(place for place in (folder, *folder.parents) if place.exists())
        if existing.is_dir() and os.access(existing, os.W_OK):
            return folder
    return cache_folder() / "data"


def by_hand(card: Card) -> str:
    """Return one sentence on getting the data without a command: which files, where from, where to."""
    place = data_home() / card.path
    if card.by_hand is not None:
        return f"{card.by_hand.strip().rstrip('.')}; the folder is {place} (licence: {card.licence})."
    files = _listed([archive.url + _size_text(archive.size) for archive in card.archives])
    holds = f" so that {place} holds {_listed(card.holds)}" if card.holds else f" into {place}"
    return f"Download {files}, unpack{holds} (licence: {card.licence}), then run the same command again."


def how_to_get(found: LoadedCard) -> str:
    """Return one sentence on getting the data: the command, where one can, and the way by hand."""
    if not found.card.archives:
        return by_hand(found.card)
    return f"Run 'forgetbench data fetch {found.called}'; or by hand: {by_hand(found.card)}"


def fetch(found: LoadedCard, progress: OnBytes | None = None) -> Path:
    """Return the folder of a card's data in the data home, downloading them unless they are there.

    Args:
        found: The card.
        progress: Told how far each file is.

    Raises:
        DataError: they can only be had by hand or not at all, have another checksum than expected, or an archive is
            unsafe, damaged or lacks something.
        RunError: there is not enough room for an archive or for what is in it; what was downloaded is kept.
    """
    card = found.card
    if not card.archives:
        raise DataError("no command can fetch this", where=card.name, fix=by_hand(card))
    home, kept = data_home(), writable_cache("downloads")
    destination = home / card.path
    with writing(kept), FileLock(kept / f"{card.name}.lock"):
        if destination.exists():
            _require_contents(card, destination, fix=f"Complete {destination}, or remove it to have it downloaded.")
            return destination
        pins = read_pins(home)
        archives = [(archive, _retrieve(card, archive, pins, progress)) for archive in card.archives]
        unseen = {archive.url: path for archive, path in archives if archive.sha256 is None and archive.url not in pins}
        try:
            home.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(dir=home, prefix=f".{destination.name}.") as temporary:
                whole = Path(temporary) / destination.name
                _unpack_all(card, archives, whole, destination)
                add_pins(home, {url: _pin(path) for url, path in unseen.items()})
                destination.parent.mkdir(parents=True, exist_ok=True)
                whole.rename(destination)
        except DataError:
            for path in unseen.values():
                path.unlink()  # nothing vouches for it: the next attempt gets it anew
            raise
        except OSError as error:
            raise cannot_write(error, destination) from error
        for _, path in archives:
            path.unlink(missing_ok=True)
    return destination


def origin_of(card: Card) -> Origin:
    """Return where a card's data come from, with the checksums that are known by now."""
    pins = read_pins(data_home()) if card.archives else {}
    pinned = {url: pin.sha256 for url, pin in pins.items()}
    archives = {archive.url: archive.sha256 or pinned.get(archive.url) for archive in card.archives}
    return Origin(card.name, card.licence, card.source, archives)


def _retrieve(card: Card, archive: Archive, pins: dict[str, Pin], progress: OnBytes | None) -> Path:
    """Download one archive into the cache, verified against what the card says or was pinned."""
    pin = pins.get(archive.url)
    known = archive.sha256 or (pin and pin.sha256)
    folder = cache_folder() / "downloads"
    name = f"{card.name}-{hashlib.sha256(archive.url.encode()).hexdigest()[:12]}"
    transfer = Transfer(folder / f"{name}.part", archive.file_name, archive.size, progress)
    pooch.get_logger().setLevel(logging.ERROR)
    try:
        return Path(
            pooch.retrieve(
                archive.url,
                known_hash=f"sha256:{known}" if known else None,
                fname=name,
                path=folder,
                downloader=transfer,
            )
        )
    except ValueError as error:  # pooch's word for another checksum
        pinned = pin is not None and archive.sha256 is None
        raise DataError(
            "download has another checksum than expected, and was deleted",
            where=archive.url,
            expected=f"sha256 {known}" + (f", pinned on {pin.first_seen}" if pin and pinned else ""),
            found=str(error).partition("but got ")[2].partition(".")[0] or str(error),
            fix=f"If the new file is right, delete its entry in {data_home() / PINS_FILE}."
            if pinned
            else "Try again; if it stays so, the file at its source has changed, and the card needs its new checksum.",
        ) from error
    except OSError as error:
        problem = " ".join(str(error).split())
        fix = f"The same command goes on where it stopped; or by hand: {by_hand(card)}"
        raise DataError("cannot be downloaded", where=archive.url, found=problem, fix=fix) from error


def _unpack_all(card: Card, archives: list[tuple[Archive, Path]], into: Path, called: Path) -> None:
    def ask_room(wanted: int) -> None:
        require_room(called, wanted, "the unpacked files")

    left = card.most_bytes or 0
    for archive, path in archives:
        target = into / (archive.into or "")
        target.mkdir(parents=True, exist_ok=True)
        left -= unpack(
            path, target, keep=archive.keep, top=archive.top, most_bytes=left, called=archive.url, ask_room=ask_room
        )
    _require_contents(card, into, fix="Correct 'holds', 'keep' or 'top' in the card.")


def _require_contents(card: Card, folder: Path, *, fix: str) -> None:
    absent = [name for name in card.holds if not (folder / name).exists()]
    if absent:
        raise DataError("data are incomplete", where=card.name, expected=", ".join(absent), fix=fix)


def _pin(path: Path) -> Pin:
    return Pin(sha256_file(path), path.stat().st_size, datetime.now(UTC).date().isoformat())


def _size_text(size: int | None) -> str:
    return f" ({size / 1e6:,.0f} MB)" if size else ""


def _listed(names: list[str]) -> str:
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))
