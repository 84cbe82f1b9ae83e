"""The evidence tables of a run, from what lies in its folder: scores, detections and annotations."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from forgetbench.analyse.claims import ClaimRow, claim_rows
from forgetbench.analyse.equal_gain import EqualGainRow, FrontRow, Fronts
from forgetbench.analyse.evidence import CheckpointInterval, Evidence, EvidenceRow
from forgetbench.analyse.tables import read_tables
from forgetbench.report.write import write_report
from forgetbench.run.folder import RunFolder, columns_of
from forgetbench.run.operating import operating_table, scored_networks
from forgetbench.run.progress import Progress, warnings_to
from forgetbench.run.tables import Table
from forgetbench.suite.portable import portable_suite

if TYPE_CHECKING:
    from forgetbench.run.plan import Plan

#: Decides which images are drawn; runs on the same images draw the same.
SEED = 0


def write_evidence(folder: RunFolder, progress: Progress) -> None:
    """Write `intervals.csv`, `evidence.csv`, `operating.csv`, `front.csv`, `equal_gain.csv` and `claims.csv`.

    Raises:
        CorruptRunError: a file that they rest on is missing or unreadable.
    """
    for table in evidence_tables(folder, progress):
        folder.write_table(table.name, table.columns, table.rows)
    write_claims(folder)


def evidence_tables(folder: RunFolder, progress: Progress) -> Iterator[Table]:
    """Yield differences between scores with their intervals, rates at operating points, and forgetting at gains."""
    manifest, results = folder.read_manifest(), folder.results()
    resamples = int(manifest["suite"]["evaluation"]["resamples"])
    networks = scored_networks(folder, manifest, resamples, progress)
    scored = {name: network.scores for name, network in networks.items()}
    described = (results, manifest["arms"], manifest["reference_arms"], scored)
    evidence, fronts = Evidence(*described), Fronts(*described)
    yield Table("intervals.csv", columns_of(CheckpointInterval), evidence.of_checkpoints())
    yield Table("evidence.csv", columns_of(EvidenceRow), evidence.of_treatments())
    yield operating_table(results, networks)
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
    folder.journal.add(*write_report(folder.path, warn=warnings_to(progress)))
    folder.journal.seal_again()
