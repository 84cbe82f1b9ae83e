"""The jobs of a run: train the arms of a model and seed, score a model's checkpoints, then drift, tables and report."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from forgetbench.derive.catalogue import derive, table
from forgetbench.derive.source import Source
from forgetbench.device import free_memory
from forgetbench.errors import DivergedError
from forgetbench.plan.plan import Plan
from forgetbench.progress import warnings_to
from forgetbench.record.rows.scores import ORIGINAL, ClassRow, ResultRow
from forgetbench.report.write import write_report
from forgetbench.sweep.cam import write_cams
from forgetbench.sweep.drift_tables import write_drift
from forgetbench.sweep.executor import Job, Site
from forgetbench.sweep.module_counts import module_rows
from forgetbench.sweep.scoring import Scorer
from forgetbench.sweep.train_sessions import scored_epochs, train_arms

#: One pass evaluates as many checkpoints as their modules fit into this share of free memory; more make another pass.
MODULE_SHARE = 0.25


@dataclass(frozen=True)
class TrainArms:
    """Train the arms of one model and seed together, off one frozen forward."""

    model: str
    seed: int
    after: Sequence[str] = ()

    @property
    def name(self) -> str:
        """What it is called."""
        return f"train {self.model}, seed {self.seed}"

    def do(self, site: Site) -> None:
        """Train, as far as it has not been done."""
        arms = [arm for arm in site.plan.arms if (arm.model, arm.seed) == (self.model, self.seed)]
        scorer = Scorer(site.plan, self.model, site.folder, site.device, site.progress)
        train_arms(site.plan, arms, site.folder, site.device, site.progress, scorer.target_ap)


@dataclass(frozen=True)
class ScoredRows:
    """Rows of `results.csv` and `per_class.csv`."""

    results: list[ResultRow] = field(default_factory=list)
    classes: list[ClassRow] = field(default_factory=list)


@dataclass(frozen=True)
class ScoreModel:
    """Evaluate and score a model and all checkpoints of its arms."""

    model: str
    after: Sequence[str]

    @property
    def name(self) -> str:
        """What it is called."""
        return f"score {self.model}"

    def do(self, site: Site) -> ScoredRows:
        """Evaluate whatever was not evaluated before, in few passes; return the rows of all."""
        scorer = Scorer(site.plan, self.model, site.folder, site.device, site.progress)
        scored, pending = ScoredRows(), scorer.original_items()
        budget = MODULE_SHARE * free_memory(site.device)
        for arm in site.plan.arms:
            for epoch in scored_epochs(site.plan, site.folder, arm) if arm.model == self.model else ():
                pending += scorer.checkpoint_items(arm, epoch)
                if scorer.module_bytes > budget:
                    scorer.add_rows(pending, scored.results, scored.classes)
                    pending = []
        scorer.add_rows(pending, scored.results, scored.classes)
        return scored


@dataclass(frozen=True)
class MeasureDrift:
    """Compare last checkpoints with the original, module by module."""

    after: Sequence[str]
    name: str = "drift"

    def do(self, site: Site) -> None:
        """Measure and write it, as far as the suite asks for it."""
        if site.plan.suite.evaluation.drift:
            budget = MODULE_SHARE * free_memory(site.device)
            write_drift(site.plan, site.folder, site.device, site.progress, budget)


@dataclass(frozen=True)
class CountModules:
    """Count what detecting costs, module by module."""

    after: Sequence[str] = ()
    name: str = "count"

    def do(self, site: Site) -> None:
        """Count and write it."""
        table("modules.csv").write(site.folder, module_rows(site.plan))


@dataclass(frozen=True)
class DeriveTables:
    """Make the tables that follow from the run's other files."""

    after: Sequence[str]
    name: str = "derive"

    def do(self, site: Site) -> None:
        """Write them."""
        derive(Source(site.folder, site.progress))


@dataclass(frozen=True)
class DrawReport:
    """Draw activation maps, where the suite asks for them, and charts, and write the summary."""

    after: Sequence[str]
    name: str = "draw"

    def do(self, site: Site) -> None:
        """Draw and write."""
        write_cams(site.plan, site.folder, site.device, site.progress)
        site.progress.message("drawing")
        site.folder.journal.add(*write_report(site.folder.path, warn=warnings_to(site.progress)))


def measuring_jobs(plan: Plan) -> list[Job]:
    """Return the jobs that train and score, model by model."""
    jobs: list[Job] = []
    for model in plan.originals:
        seeds = dict.fromkeys(arm.seed for arm in plan.arms if arm.model == model)
        training: list[Job] = [TrainArms(model, seed) for seed in seeds]
        jobs += [*training, ScoreModel(model, tuple(job.name for job in training))]
    return jobs


def concluding_jobs() -> list[Job]:
    """Return the jobs that rest on the scores of all models."""
    return [MeasureDrift(()), CountModules(), DeriveTables(("drift", "count")), DrawReport(("derive",))]


def write_scores(scored: Sequence[ScoredRows], site: Site) -> None:
    """Write what jobs scored.

    Raises:
        DivergedError: it is not a single checkpoint.
    """
    if {row.arm for one in scored for row in one.results} == {ORIGINAL}:
        raise DivergedError(
            "every arm diverged before its first checkpoint: there is nothing to compare",
            where=site.folder.path,
            fix="Lower train.lr0 or the factors of strategies, or raise train.warmup_epochs; that makes another run.",
        )
    table("results.csv").write(site.folder, [row for one in scored for row in one.results])
    table("per_class.csv").write(site.folder, [row for one in scored for row in one.classes])
