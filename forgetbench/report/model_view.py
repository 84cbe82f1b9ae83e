"""What a report knows of one model of a run."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, TypeVar

from forgetbench.analyse.costs import Cost, ModuleNorms, costs, module_norms, shared_seconds_per_step
from forgetbench.analyse.kept import KeptBefore, KeptLoss, kept_before, kept_losses
from forgetbench.analyse.module_drift import ModuleDrift, StatisticsShare, module_drift, statistics_shares
from forgetbench.analyse.operating import Standings, standings, thresholds
from forgetbench.analyse.price import Priced, prices_by_head
from forgetbench.analyse.tradeoff import (
    Outcome,
    Point,
    Treatment,
    original_ap,
    outcomes,
    reference_treatment,
    tradeoff,
    treatment_of,
)
from forgetbench.errors import printable
from forgetbench.record.manifest import ArmRecord, ModelRecord
from forgetbench.record.rows.changes import ClassChangeRow, MeasureChangeRow
from forgetbench.record.rows.differences import EqualGainRow, EvidenceRow, FrontRow
from forgetbench.record.rows.price import PriceRow
from forgetbench.record.rows.scores import ORIGINAL, OperatingRow
from forgetbench.record.table_files import rows_of
from forgetbench.report.blocks import Name, Text, joined, spelt, text
from forgetbench.report.changed import Changed, changes
from forgetbench.report.style import Look, heading, looks
from forgetbench.report.text import counted_seeds
from forgetbench.suite.data_section import Role
from forgetbench.suite.points import attach_points_of

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

    from forgetbench.report.view import RunView

Row = TypeVar("Row", bound="DataclassInstance")
#: Attach points that have a column or panel each; of more, the price's chart shows all.
MOST_ATTACH_POINTS = 4


@dataclass(frozen=True)
class ModelView:
    """A model as its sections and charts see it. Each analysis is done once, when first asked for; AP are fractions.

    Attributes:
        run: The run.
        name: The model's.
    """

    run: RunView
    name: str

    @property
    def arms(self) -> list[ArmRecord]:
        """Its arms as the manifest describes them."""
        return self.run.tables.arms(self.name)

    @property
    def about(self) -> ModelRecord:
        """What the manifest says of it: `head` and `neck`, indices of modules, and whether it has `two_heads`."""
        return self.run.manifest["models"][self.name]

    @cached_property
    def labels(self) -> dict[Treatment, str]:
        """What people read of each treatment, in the order of the manifest."""
        return {treatment_of(arm): str(arm["label"]) for arm in self.arms}

    @cached_property
    def looks(self) -> dict[Treatment, Look]:
        """How charts show each treatment, in the order of their legends."""
        return looks(self.labels.items())

    @cached_property
    def looks_by_label(self) -> dict[str, Look]:
        """The same by what people read."""
        return {look.label: look for look in self.looks.values()}

    @property
    def called(self) -> str:
        """What a column or legend of treatments is called."""
        return heading(self.labels)

    @property
    def versus(self) -> Text:
        """The names of target and reference as titles say them; a subset is marked as one."""
        both = (self.run.data["target"], self.run.data["reference"])
        return joined(
            (text(Name(one["name"]), " (subset)" if one.get("subset_of") else "") for one in both), " against "
        )

    @property
    def subject(self) -> str:
        """What charts say they are about, with how many seeds they rest on."""
        data = spelt(self.versus, lambda name: printable(name.text))
        return f"{self.name}, {data}, {counted_seeds(self.run.seeds)}"

    @cached_property
    def attach_points(self) -> list[str]:
        """The attach points that have a column or panel of their own: the suite's, of many its first and its last."""
        listed = attach_points_of(self.run.suite["attach_points"], self.about["head"])
        return listed if len(listed) <= MOST_ATTACH_POINTS else [listed[0], listed[-1]]

    @cached_property
    def points(self) -> list[Point]:
        """Its checkpoints as gain and forgetting, under `attach_points`."""
        results = self.run.tables.results
        found = tradeoff(results[results["model"] == self.name], self.arms, self.run.manifest["reference_arms"])
        return [point for point in found if point.attach in self.attach_points]

    @cached_property
    def prices(self) -> dict[str, list[Priced]]:
        """What its combined detectors cost under all attach points, by head; none in runs of earlier versions."""
        return prices_by_head(self.rows("price", PriceRow), self.arms)

    @cached_property
    def outcomes(self) -> dict[str, list[Outcome]]:
        """Where treatments ended, by head."""
        found: dict[str, list[Outcome]] = {}
        order = list(self.labels)  # of an arm that diverged in the first seed rows begin later
        for outcome in sorted(outcomes(self.points), key=lambda one: order.index(one.treatment)):
            found.setdefault(outcome.head, []).append(outcome)
        return found

    @cached_property
    def original(self) -> dict[str, float | None]:
        """The original's AP on the reference, by head."""
        found = original_ap(self.run.tables.results)
        return {head: ap for (model, head), ap in found.items() if model == self.name}

    @cached_property
    def baseline(self) -> str | None:
        """Label of the arm that gain is measured against, None if there is none."""
        reference = reference_treatment(self.labels, self.run.manifest["reference_arms"].get(self.name))
        return self.labels[reference] if reference else None

    def gained(self, head: str, treatment: Treatment) -> EvidenceRow | None:
        """Return what a treatment gained over the baseline; None if it was not measured."""
        if not self.baseline:
            return None
        return self.run.evidence.find(self.name, head, None, "gain", self.labels[treatment], self.baseline)

    def lost(self, head: str, attach: str | None, treatment: Treatment) -> EvidenceRow | None:
        """Return what a treatment forgot of what the original had; None if it was not measured."""
        return self.run.evidence.find(self.name, head, attach, "forgetting", self.labels[treatment], ORIGINAL)

    @cached_property
    def kept(self) -> list[KeptLoss]:
        """What its treatments forgot of the classes kept, beside what they forgot of all."""
        return kept_losses(self.run.evidence, self.name)

    def kept_before(self, head: str) -> KeptBefore | None:
        """Return what the classes kept were like before; None where nothing is known of classes."""
        found = next((one for one in self.changed if (one.head, one.role) == (head, "reference")), None)
        return None if found is None else kept_before(found.classes, self.run.kept)

    @cached_property
    def costs(self) -> list[Cost]:
        """What each treatment cost to train."""
        return costs(self.arms, self.run.tables.memory, self.run.tables.times)

    @cached_property
    def shared_seconds(self) -> float | None:
        """Seconds of a step in what all branches share, None if not measured."""
        return shared_seconds_per_step(self.run.tables.times, self.name)

    @cached_property
    def norms(self) -> list[ModuleNorms]:
        """Gradient norms by module."""
        return module_norms(self.arms, self.run.tables.gradients)

    @cached_property
    def methods(self) -> dict[Treatment, str]:
        """What each method is called, whatever the setting."""
        return {treatment_of(arm).method: str(arm["method"]) for arm in self.arms}

    @cached_property
    def fronts(self) -> list[FrontRow]:
        """The points of its fronts."""
        return [row for row in self.rows("front", FrontRow) if row.attach in self.attach_points]

    @cached_property
    def equal_gain(self) -> list[EqualGainRow]:
        """What its methods forget where they gain the same; none where the run has no fronts."""
        found = self.rows("equal_gain", EqualGainRow) if self.run.table("front") is not None else []
        return [row for row in found if row.attach in self.attach_points]

    @cached_property
    def operating(self) -> list[OperatingRow]:
        """Recall, precision and F1 of what was scored."""
        return self.rows("operating", OperatingRow)

    @cached_property
    def standings(self) -> dict[str, dict[Role, Standings]]:
        """How its last checkpoints stand in rank and in score, by head and role."""
        baselines: dict[Role, str | None] = {"reference": ORIGINAL, "target": self.baseline}
        heads = dict.fromkeys((*self.outcomes, *(row.head for row in self.operating)))
        tables, evidence, rows = self.run.tables, self.run.evidence, self.operating
        return {
            head: {
                role: standings(tables, evidence, rows, self.name, head, role, baselines[role]) for role in baselines
            }
            for head in heads
        }

    def best_threshold(self, head: str) -> float | None:
        """Return the score at which the original's F1 on the reference is best."""
        return thresholds(self.operating, self.name, head)["best-f1"]

    @cached_property
    def changed(self) -> list[Changed]:
        """What was forgotten and what was learnt, by head, the reference first."""
        if self.run.table("classes") is None:
            return []
        shown = (None, *self.attach_points)
        measures = [row for row in self.rows("errors", MeasureChangeRow) if row.attach in shown]
        return changes(self.rows("classes", ClassChangeRow), measures)

    @cached_property
    def drifts(self) -> list[ModuleDrift]:
        """How far modules moved."""
        drift, batchnorm = self.run.table("drift"), self.run.table("batchnorm")
        return [] if drift is None or batchnorm is None else module_drift(self.arms, drift)

    @cached_property
    def shares(self) -> list[StatisticsShare]:
        """What the reference loses to BatchNorm statistics and to weights."""
        drift, batchnorm = self.run.table("drift"), self.run.table("batchnorm")
        return [] if drift is None or batchnorm is None else statistics_shares(self.arms, batchnorm)

    def rows(self, table: str, kind: type[Row]) -> list[Row]:
        """Return the model's rows of a table; none where the run has no such table."""
        found = self.run.table(table)
        return [] if found is None else rows_of(found[found["model"] == self.name], kind)
