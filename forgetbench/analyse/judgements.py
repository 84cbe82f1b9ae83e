"""What a run measured of the claims in its suite, and the verdict on each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal

from forgetbench.analyse.costs import Cost, costs, shared_seconds_per_step
from forgetbench.analyse.evidence_table import EvidenceTable
from forgetbench.analyse.tradeoff import treatment_of
from forgetbench.analyse.verdicts import Estimate, judge
from forgetbench.record.manifest import ClaimRecord, ComparedRecord
from forgetbench.record.rows.differences import ClaimRow, EqualGainRow
from forgetbench.record.table_files import RunTables


def claim_rows(tables: RunTables, equal_gain: Sequence[EqualGainRow]) -> Iterator[ClaimRow]:
    """Yield a row per claim, arm and head, in the order of the suite.

    Args:
        tables: The run.
        equal_gain: Its `equal_gain.csv`.
    """
    evidence = EvidenceTable(tables.evidence)
    for claim in tables.manifest.get("claims", []):
        for compared in claim["compared"]:
            for treatment in compared["treatments"]:
                for head, seeds, estimate in _estimates(tables, evidence, equal_gain, claim, compared, treatment):
                    yield ClaimRow(
                        claim=claim["name"],
                        model=compared["model"],
                        head=head,
                        attach=None if claim["attach"] is None else str(claim["attach"]),
                        treatment=treatment,
                        against=compared["against"],
                        quantity=claim["quantity"],
                        measure=claim["measure"],
                        at_gain=claim.get("at_gain"),
                        below=claim["below"],
                        above=claim["above"],
                        value=estimate.value,
                        low=estimate.low,
                        high=estimate.high,
                        seeds=seeds,
                        by_construction=estimate.by_construction,
                        verdict=judge(estimate, below=claim["below"], above=claim["above"]),
                    )


def _estimates(
    tables: RunTables,
    evidence: EvidenceTable,
    equal_gain: Sequence[EqualGainRow],
    claim: ClaimRecord,
    compared: ComparedRecord,
    treatment: str,
) -> Iterator[tuple[str | None, int | None, Estimate]]:
    model, against = compared["model"], compared["against"]
    quantity = claim["quantity"]
    if quantity == "memory" or quantity == "time":
        ratio = _ratio(tables, model, quantity, treatment, against)
        yield None, None, Estimate(ratio, ratio, ratio)
        return
    attach = None if claim["attach"] is None else str(claim["attach"])
    if claim.get("at_gain") is not None:
        yield from _at_equal_gain(equal_gain, evidence.heads(model), claim, (model, attach, treatment, against))
        return
    for head in evidence.heads(model):
        row = evidence.find(model, head, attach, quantity, treatment, against, claim["measure"])
        if row is None:
            yield head, None, Estimate(None, None, None)
        else:
            yield head, row.seeds, Estimate(row.value, row.low, row.high, row.by_construction)


def _at_equal_gain(
    equal_gain: Sequence[EqualGainRow],
    heads: Sequence[str],
    claim: ClaimRecord,
    compared: tuple[str, str | None, str, str],
) -> Iterator[tuple[str | None, int | None, Estimate]]:
    """Yield forgetting at the claim's gain for each head; not measured where one side never gains as much."""
    at = [row for row in equal_gain if row.at_gain == claim["at_gain"]]
    for head in heads:
        estimate, seeds = Estimate(None, None, None), None
        for row in at:
            if row.head == head and (row.model, row.attach, row.treatment, row.against) == compared:
                estimate, seeds = Estimate(row.value, row.low, row.high), row.seeds
            elif row.head == head and (row.model, row.attach, row.against, row.treatment) == compared:
                low, high = (None if end is None else -end for end in (row.high, row.low))
                estimate, seeds = Estimate(-row.value, low, high), row.seeds
        yield head, seeds, estimate


def _ratio(
    tables: RunTables, model: str, quantity: Literal["memory", "time"], treatment: str, against: str
) -> float | None:
    """Return a treatment's memory or time of training over another's.

    Memory is the solo peak where a GPU measured it, else what a branch holds: weights, gradients, optimizer state and
    what is saved for backward. Time is that of a step with what branches share: loading and the frozen forward.
    """
    labels = {treatment_of(arm): str(arm["label"]) for arm in tables.arms(model)}
    spent = {labels[cost.treatment]: cost for cost in costs(tables.arms(model), tables.memory, tables.times)}
    if treatment not in spent or against not in spent:
        return None
    shared = shared_seconds_per_step(tables.times, model)
    one, other = (
        _memory(cost) if quantity == "memory" else _seconds(cost, shared) for cost in (spent[treatment], spent[against])
    )
    return one / other if one is not None and other else None


def _memory(cost: Cost) -> float | None:
    return cost.total if cost.max_allocated is None else cost.max_allocated


def _seconds(cost: Cost, shared: float | None) -> float | None:
    return None if shared is None or cost.step_seconds is None else shared + cost.step_seconds
