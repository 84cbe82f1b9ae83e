"""The evidence tables of a run, from what lies in its folder: scores, detections and annotations."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from forgetbench.analyse.claims import ClaimRow, claim_rows
from forgetbench.analyse.equal_gain import EqualGainRow, FrontRow, Fronts
from forgetbench.analyse.evidence import CheckpointInterval, Evidence, EvidenceRow
from forgetbench.derive.measured import Table
from forgetbench.derive.operating import operating_table, scored_networks
from forgetbench.progress import Progress
from forgetbench.record.folder import RunFolder, columns_of
from forgetbench.record.tables import read_tables

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
    yield Table("equal_gain.csv", columns_of(EqualGainRow), fronts.at_equal_gain(gains_asked(manifest["claims"])))


def gains_asked(claims: Iterable[Mapping[str, Any]]) -> list[float]:
    """Return the gains at which claims speak of forgetting."""
    return [claim["at_gain"] for claim in claims if claim.get("at_gain") is not None]


def write_claims(folder: RunFolder) -> None:
    """Write `claims.csv`: what the run's other tables say of the claims in its manifest."""
    table = claims_table(folder)
    folder.write_table(table.name, table.columns, table.rows)


def claims_table(folder: RunFolder) -> Table:
    """Return what the run's other tables say of the claims in its manifest."""
    return Table("claims.csv", columns_of(ClaimRow), claim_rows(read_tables(folder.path)))
