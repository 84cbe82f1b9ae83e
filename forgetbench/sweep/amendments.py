"""Amending a finished run: other claims, other classes to keep, another description."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, cast, get_args

from forgetbench.derive.catalogue import Asked, derive, table
from forgetbench.derive.evidence import gains_asked
from forgetbench.derive.source import Source
from forgetbench.errors import InputError
from forgetbench.progress import Progress, warnings_to
from forgetbench.record.amend import amend
from forgetbench.record.folder import RunFolder
from forgetbench.record.manifest import Manifest, SuiteRecord
from forgetbench.report.charts.kept import PREFIX
from forgetbench.report.write import write_report
from forgetbench.suite.kept import kept_labels
from forgetbench.suite.load import recorded_suite
from forgetbench.suite.portable import portable_suite
from forgetbench.suite.schema import Suite

if TYPE_CHECKING:  # `report` comes without PyTorch
    from forgetbench.plan.plan import Plan

#: All that decides tables and may have changed, or been begun.
ALL: tuple[Asked, ...] = get_args(Asked)


def words_due(plan: Plan, folder: RunFolder) -> bool:
    """Tell whether a finished run's claims, kept classes or description differ from the suite's."""
    manifest = folder.read_manifest()
    has = manifest["claims"], manifest["suite"].get("keep"), manifest["suite"]["description"]
    return has != (plan.claims, plan.suite.keep, plan.suite.description)


def add_words(plan: Plan, folder: RunFolder, progress: Progress, *, again: bool = False) -> None:
    """Give a finished run the suite's description, kept classes and claims, and judge it by them; nothing is run again.

    Claims may ask for other gains to compare forgetting at, and other classes may be kept; then those tables are made
    anew. `again` says that an earlier attempt was interrupted: then nobody knows which of the tables it has written.
    """
    manifest = folder.read_manifest()
    changed: set[Asked] = {*ALL} if again else set()
    if {*gains_asked(manifest["claims"])} != {*gains_asked(plan.claims)}:
        changed.add("claims")
    if manifest["suite"].get("keep") != plan.suite.keep:
        changed.add("keep")
    manifest["claims"] = plan.claims
    judge_again(folder, _with_words_of(plan.suite, manifest), progress, changed)


def keep_classes(folder: RunFolder, keep: Sequence[str], where: str) -> Manifest | None:
    """Return a finished run's manifest with other classes to keep; None where it keeps these already.

    Args:
        folder: The run.
        keep: Names of classes of its reference.
        where: What an error names as the place of the names.

    Raises:
        InputError: there is none, one is named twice, or a model of the run knows no class of such a name.
    """
    if not keep:
        raise InputError("names no class", where=where, expected="names with commas between them: person,car,truck")
    manifest = folder.read_manifest()
    suite = recorded_suite({**manifest["suite"], "keep": [*keep]}, where)
    for about in manifest["models"].values():
        kept_labels(keep, about["classes"], where=where)
    return None if manifest["suite"].get("keep") == suite.keep else _with_words_of(suite, manifest)


def judge_again(
    folder: RunFolder, manifest: Manifest, progress: Progress, changed: Collection[Asked] = ALL
) -> list[Path]:
    """Give a finished run a manifest with other claims, kept classes or description, and what follows from them.

    Args:
        folder: The run.
        manifest: What its manifest becomes.
        progress: Told of charts that could not be drawn or lack glyphs.
        changed: What decides tables and is another than before.

    Returns:
        The report's files.
    """

    def judged() -> Iterator[Path]:
        source, claims = Source(folder, progress, profiles=False), table("claims.csv")
        if changed:
            derive(source, asked=changed)
        elif claims.make is not None:
            claims.write(folder, claims.make(source))
        report = write_report(folder.path, warn=warnings_to(progress))
        if "keep" in changed:  # what shows the classes kept before would be no chart of this run
            charts = folder.journal.within(folder.path / "figures")
            folder.journal.drop(path for path in charts if path.name.startswith(PREFIX) and path not in report)
        yield from report

    return amend(folder, "claims", judged, manifest)


def _with_words_of(suite: Suite, manifest: Manifest) -> Manifest:
    """Return the manifest with what of a suite decides no number."""
    said = portable_suite(suite)
    kept = {key: value for key, value in manifest["suite"].items() if key != "keep"}
    words = {key: said[key] for key in ("description", "claims", "keep") if key in said}
    return {**manifest, "suite": cast(SuiteRecord, {**kept, **words})}
