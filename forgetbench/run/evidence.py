"""The evidence tables of a run, from what lies in its folder: scores, detections and annotations."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from forgetbench.analyse.claims import ClaimRow, claim_rows
from forgetbench.analyse.equal_gain import EqualGainRow, FrontRow, Fronts
from forgetbench.analyse.evidence import CheckpointInterval, Evidence, EvidenceRow, Measure, Score
from forgetbench.analyse.tables import measured, read_tables
from forgetbench.evaluate.bootstrap import over_classes
from forgetbench.evaluate.detections import load_detections
from forgetbench.report.write import write_report
from forgetbench.run.folder import RunFolder, columns_of
from forgetbench.run.progress import Progress
from forgetbench.run.resampled import Resampling
from forgetbench.run.seal import reseal
from forgetbench.run.tables import Table
from forgetbench.suite.portable import portable_suite

if TYPE_CHECKING:
    from forgetbench.run.plan import Plan

#: Decides which images are drawn; runs on the same images draw the same.
SEED = 0


def write_evidence(folder: RunFolder, progress: Progress) -> None:
    """Write `intervals.csv`, `evidence.csv`, `front.csv`, `equal_gain.csv` and `claims.csv`.

    Raises:
        CorruptRunError: a file that they rest on is missing or unreadable.
    """
    for table in evidence_tables(folder, progress):
        folder.write_table(table.name, table.columns, table.rows)
    write_claims(folder)


def evidence_tables(folder: RunFolder, progress: Progress) -> Iterator[Table]:
    """Yield the differences between scores with their intervals: at the last checkpoints, and at equal gain."""
    manifest, results = folder.read_manifest(), folder.results()
    scored = resampled_scores(folder, manifest, int(manifest["suite"]["evaluation"]["resamples"]), progress)
    described = (results, manifest["arms"], manifest["reference_arms"], scored)
    evidence, fronts = Evidence(*described), Fronts(*described)
    yield Table("intervals.csv", columns_of(CheckpointInterval), evidence.of_checkpoints())
    yield Table("evidence.csv", columns_of(EvidenceRow), evidence.of_treatments())
    yield Table("front.csv", columns_of(FrontRow), fronts.of_methods())
    yield Table("equal_gain.csv", columns_of(EqualGainRow), fronts.at_equal_gain(_gains_asked(manifest["claims"])))


def _gains_asked(claims: Iterable[Mapping[str, Any]]) -> list[float]:
    """Return the gains at which claims speak of forgetting."""
    return [claim["at_gain"] for claim in claims if claim.get("at_gain") is not None]


def write_claims(folder: RunFolder) -> None:
    """Write `claims.csv`: what the run's other tables say of the claims in its manifest."""
    table = claims_table(folder)
    folder.write_table(table.name, table.columns, table.rows)


def claims_table(folder: RunFolder) -> Table:
    """Return what the run's other tables say of the claims in its manifest."""
    return Table("claims.csv", columns_of(ClaimRow), claim_rows(read_tables(folder.path)))


def claims_due(plan: Plan, folder: RunFolder) -> bool:
    """Tell whether a finished run was judged by other claims than the suite's, or describes it in other words."""
    manifest = folder.read_manifest()
    return (manifest["claims"], manifest["suite"]["description"]) != (plan.claims, plan.suite.description)


def add_claims(plan: Plan, folder: RunFolder, progress: Progress) -> None:
    """Describe and judge a finished run by the suite's words and claims; nothing is measured again.

    Claims may ask for other gains at which forgetting is compared; then that table is made anew.
    """
    manifest = folder.read_manifest()
    asked = {*_gains_asked(manifest["claims"])} != {*_gains_asked(plan.claims)}
    manifest["claims"] = plan.claims
    manifest["suite"] |= {key: portable_suite(plan.suite)[key] for key in ("claims", "description")}
    folder.write_manifest(manifest)
    if asked:
        write_evidence(folder, progress)
    else:
        write_claims(folder)
    drawn = write_report(folder.path)
    names = ("claims.csv", "equal_gain.csv", "manifest.json")
    reseal(folder.path, [*drawn, *(folder.path / name for name in names)])


def resampled_scores(
    folder: RunFolder, manifest: dict[str, Any], resamples: int, progress: Progress
) -> dict[str, dict[Measure, Score]]:
    """Return AP and AP50 of every network on resamples of the images, by name of its detections file."""
    resampling = Resampling(folder, manifest, resamples)
    scored: dict[str, dict[Measure, Score]] = {}
    files = folder.results().drop_duplicates("detections")
    with progress.task("resampling images", len(files), "network") as advance:
        for row in files.to_dict("records"):
            name = str(row["detections"])
            detections, about = load_detections(folder.path / "detections" / name)
            found = resampling.ap(detections, about["data"])
            scored[name] = {
                "ap": Score(measured(row["ap"]), over_classes(found.ap)),
                "ap50": Score(measured(row["ap50"]), over_classes(found.ap50)),
            }
            advance(len(scored), "")
    return scored
