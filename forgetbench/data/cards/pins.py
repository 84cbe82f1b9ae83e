"""Checksums of downloads that no card states: what came first is pinned, and later downloads must equal it."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from filelock import FileLock

from forgetbench.errors import DataError
from forgetbench.files import regular_bytes, writable_cache, write_json

PINS_FILE = "forgetbench-data.lock.json"
_MOST_BYTES = 8 << 20


@dataclass(frozen=True)
class Pin:
    """What was downloaded first from an address.

    Attributes:
        sha256: Digest of its bytes.
        size: Its size in bytes.
        first_seen: The day, as `2026-01-31`.
    """

    sha256: str
    size: int
    first_seen: str


def read_pins(home: Path) -> dict[str, Pin]:
    """Return the pins of a data home by address.

    Raises:
        DataError: the file that holds them is damaged.
    """
    path = home / PINS_FILE
    try:
        content = json.loads(regular_bytes(path, _MOST_BYTES))
        return {url: _read_pin(pin) for url, pin in content.items()}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, TypeError, AttributeError, RecursionError) as error:
        raise DataError(
            "pinned checksums cannot be read",
            where=path,
            found=" ".join(str(error).split()),
            fix="Restore the file, or delete it to pin anew.",
        ) from error


def add_pins(home: Path, pins: dict[str, Pin]) -> None:
    """Write pins beside those that a data home has."""
    if pins:
        with FileLock(writable_cache("pins") / "lock"):
            merged = {**read_pins(home), **pins}
            write_json(home / PINS_FILE, {url: asdict(pin) for url, pin in merged.items()})


def _read_pin(content: dict[str, Any]) -> Pin:
    pin = Pin(**content)
    if not isinstance(pin.sha256, str) or not isinstance(pin.size, int):
        raise ValueError(f"not a pin: {content}")
    return pin
