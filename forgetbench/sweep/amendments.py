"""Amending a finished run: other claims, another description."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from forgetbench.derive.catalogue import derive, table
from forgetbench.derive.evidence import gains_asked
from forgetbench.derive.source import Source
from forgetbench.progress import Progress, warnings_to
from forgetbench.record.amend import amend
from forgetbench.record.folder import RunFolder
from forgetbench.record.manifest import Manifest
from forgetbench.report.write import write_report
from forgetbench.suite.portable import portable_suite

if TYPE_CHECKING:  # `report` comes without PyTorch
    from forgetbench.plan.plan import Plan


def claims_due(plan: Plan, folder: RunFolder) -> bool:
    """Tell whether a finished run's claims or description differ from the suite's."""
    manifest = folder.read_manifest()
    return (manifest["claims"], manifest["suite"]["description"]) != (plan.claims, plan.suite.description)


def add_claims(plan: Plan, folder: RunFolder, progress: Progress, *, again: bool = False) -> None:
    """Give a finished run the suite's description and claims, and judge it by them; nothing is measured again.

    Claims may ask for other gains to compare forgetting at; then that table is made anew. `again` says that an
    earlier attempt was interrupted: then nobody knows which of the tables it has written.
    """
    manifest = folder.read_manifest()
    asked = again or {*gains_asked(manifest["claims"])} != {*gains_asked(plan.claims)}
    manifest["claims"] = plan.claims
    suite = portable_suite(plan.suite)
    manifest["suite"]["claims"], manifest["suite"]["description"] = suite["claims"], suite["description"]
    judge_again(folder, manifest, progress, other_gains=asked)


def judge_again(folder: RunFolder, manifest: Manifest, progress: Progress, *, other_gains: bool = True) -> None:
    """Give a finished run a manifest with other claims or another description, and what follows from them."""

    def judged() -> Iterator[Path]:
        source, claims = Source(folder, progress, profiles=False), table("claims.csv")
        if other_gains:
            derive(source, asked=True)
        elif claims.make is not None:
            claims.write(folder, claims.make(source))
        yield from write_report(folder.path, warn=warnings_to(progress))

    amend(folder, "claims", judged, manifest)
