"""The jobs of a run: train the arms of a model and seed, score a model's checkpoints, then drift, tables and report."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from forgetbench.derive.catalogue import derive, table
from forgetbench.derive.source import Source
from forgetbench.device import free_memory
from forgetbench.errors import DivergedError
from forgetbench.plan.arms import Arm
from forgetbench.plan.plan import Plan
from forgetbench.progress import warnings_to
from forgetbench.record.rows.scores import ORIGINAL, ClassRow, ResultRow
from forgetbench.report.write import write_report
from forgetbench.sweep.cam import write_cams
from forgetbench.sweep.drift_tables import evaluate_for_drift, write_drift
from forgetbench.sweep.executor import Job, SeparateJob, Site
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

    @property
    def place(self) -> str:
        """Its folder's name."""
        return f"train-{self.model}-seed{self.seed}"

    @property
    def reads(self) -> Sequence[str]:
        """Of no other job."""
        return ()

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
        return _score(site, self.model, [arm for arm in site.plan.arms if arm.model == self.model], original=True)


@dataclass(frozen=True)
class ScoreArms:
    """Evaluate and score the checkpoints of the arms of one model and seed, as a part of what `ScoreModel` does.

    Attributes:
        model, seed: Which arms.
        original: Whether the original is evaluated as well, and what equals it.
    """

    model: str
    seed: int
    original: bool

    @property
    def after(self) -> Sequence[str]:
        """What it rests on."""
        return (TrainArms(self.model, self.seed).name,)

    @property
    def name(self) -> str:
        """What it is called."""
        return f"score {self.model}, seed {self.seed}"

    @property
    def place(self) -> str:
        """Its folder's name."""
        return f"score-{self.model}-seed{self.seed}"

    @property
    def reads(self) -> Sequence[str]:
        """Of the training."""
        return (TrainArms(self.model, self.seed).place,)

    def do(self, site: Site) -> None:
        """Evaluate whatever was not evaluated before, with the networks that drift is measured by."""
        arms = [arm for arm in site.plan.arms if (arm.model, arm.seed) == (self.model, self.seed)]
        _score(site, self.model, arms, original=self.original)
        if site.plan.suite.evaluation.drift:
            evaluate_for_drift(site.plan, arms, site.folder, site.device, site.progress, _module_bytes(site))


def _score(site: Site, model: str, arms: Sequence[Arm], *, original: bool) -> ScoredRows:
    scorer = Scorer(site.plan, model, site.folder, site.device, site.progress)
    scored, pending = ScoredRows(), scorer.original_items() if original else []
    most_bytes = _module_bytes(site)
    for arm in arms:
        for epoch in scored_epochs(site.plan, site.folder, arm):
            items = scorer.checkpoint_items(arm, epoch)
            # what detects as the original does is one network for all seeds, so only one of several jobs may write it
            pending += items if original else scorer.without_original(items)
            if scorer.module_bytes > most_bytes:
                scorer.add_rows(pending, scored.results, scored.classes)
                pending = []
    scorer.add_rows(pending, scored.results, scored.classes)
    return scored


def _module_bytes(site: Site) -> float:
    """Return how much of checkpoints' modules may be in memory at once."""
    return MODULE_SHARE * free_memory(site.device) / site.beside


@dataclass(frozen=True)
class MeasureDrift:
    """Compare last checkpoints with the original, module by module."""

    after: Sequence[str]
    name: str = "drift"

    def do(self, site: Site) -> None:
        """Measure and write it, as far as the suite asks for it."""
        if site.plan.suite.evaluation.drift:
            write_drift(site.plan, site.folder, site.device, site.progress, _module_bytes(site))


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


def separate_jobs(plan: Plan) -> list[list[SeparateJob]]:
    """Return what several processes can do at once: of each model and seed the training, and then the scoring.

    In one pass for all seeds of a model fewer modules would run, so one process alone does without these.
    """
    sessions = dict.fromkeys((arm.model, arm.seed) for arm in plan.arms)
    first = dict(reversed(sessions))
    return [[TrainArms(model, seed), ScoreArms(model, seed, first[model] == seed)] for model, seed in sessions]


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
