"""What a file says of itself: where it comes from, and what it gains and costs."""

from __future__ import annotations

from typing import Any

from forgetbench.record.folder import RunFolder
from forgetbench.record.manifest import Manifest
from forgetbench.record.rows.differences import IntervalRow
from forgetbench.record.table_files import read_table, rows_of
from forgetbench.ship.choice import Choice
from forgetbench.version import __version__


def about(manifest: Manifest, folder: RunFolder, choice: Choice) -> dict[str, Any]:
    """Return plain data: texts, numbers, lists and mappings of them; what was not measured is None.

    AP, gain and forgetting are fractions, their intervals 95 % over images.
    """
    arm = choice.arm
    return {
        "forgetbench": __version__,
        "run": manifest["id"],
        "suite": manifest["suite"]["name"],
        "original": arm["model"],
        "arm": arm["arm"],
        "label": arm["label"],
        "freeze_point": arm["freeze_point"],
        "epoch": choice.epoch,
        "variant": choice.variant,
        "only": choice.only,
        "attach": choice.attach,
        "head": choice.head,
        "data": {role: manifest["data"][role]["name"] for role in ("target", "reference")},
        "ap": dict(choice.scores),
        **_differences(folder, choice),
        "licences": {"code": "AGPL-3.0-or-later", **_licences(manifest)},
        "verify": f"forgetbench verify {manifest['suite']['name']}-{manifest['id']}.tar.gz",
    }


def _differences(folder: RunFolder, choice: Choice) -> dict[str, Any]:
    """Return gain and forgetting with their intervals, as far as they concern the detector."""
    found: dict[str, Any] = {"gain": None, "forgetting": None}
    found.pop({"target": "forgetting", "reference": "gain"}.get(str(choice.only), ""), None)
    for row in rows_of(read_table(folder.table("intervals.csv"), IntervalRow), IntervalRow):
        same = (row.arm, row.epoch, row.head, row.measure) == (choice.arm["arm"], choice.epoch, choice.head, "ap")
        if same and row.quantity in found and (row.attach is None or str(row.attach) == choice.attach):
            found[row.quantity] = {"value": row.value, "low": row.low, "high": row.high}
    return found


def _licences(manifest: Manifest) -> dict[str, str]:
    """Return the licence of each dataset that a card describes."""
    origins = {role: manifest["data"][role].get("origin") for role in ("target", "reference")}
    return {role: str(origin["licence"]) for role, origin in origins.items() if origin}
