"""The plan: everything a suite leads to, found and checked before any compute is spent."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

import torch

from forgetbench.data.align import align_classes
from forgetbench.data.dataset import Dataset, OddityReport
from forgetbench.data.images.shared import report_shared, shared_warning
from forgetbench.data.load import LoadedData, load_data
from forgetbench.errors import SuiteError
from forgetbench.evaluate.scorers import scorer_version
from forgetbench.files import writable_cache
from forgetbench.model import yolo
from forgetbench.model.blank import Blank, Blanks
from forgetbench.plan.arms import Arm, advice, check_arms, ends_of, heads_of, make_arms
from forgetbench.plan.batches import check_batches, check_side
from forgetbench.plan.cam_checks import check_cam_package
from forgetbench.plan.further import data_wanted, find_further_images, further_identity
from forgetbench.plan.models import is_architecture, open_untrained, open_weights
from forgetbench.plan.originals import Originals
from forgetbench.plan.outline import make_outline, missing_inputs, refuse_what_only_hands_can_fetch
from forgetbench.plan.pretraining import cached_original, pretrain_original, pretrain_recipe
from forgetbench.plan.resolved_claims import resolve_claims
from forgetbench.progress import Progress, Silent, download_messages
from forgetbench.record.folder import run_id
from forgetbench.record.manifest import ClaimRecord
from forgetbench.record.run_format import FORMAT
from forgetbench.suite.arms import reference_arms
from forgetbench.suite.evaluation import EvaluationSettings, evaluation_settings
from forgetbench.suite.kept import kept_labels
from forgetbench.suite.kinds import HeadMode
from forgetbench.suite.load import LoadedSuite
from forgetbench.suite.points import attach_points_of, resolve_attach_point
from forgetbench.suite.portable import deciding, portable_suite
from forgetbench.suite.schema import Suite


@dataclass
class Plan:
    """A suite with its data and models.

    Attributes:
        suite: What was asked for.
        target: Target data, training and evaluation parts.
        reference: Reference data by model name, classes in the order of that model's head.
        originals: Pretrained models by name.
        blanks: What branches of each model are made of.
        arms: Every training configuration, grouped by model and seed.
        reports: What was odd in the data, by role.
        untrained: Images to train on by name of each original that has random weights so far.
        claims: The suite's claims, matched with arms.
    """

    suite: Suite
    target: LoadedData
    reference: dict[str, Dataset]
    originals: Originals
    blanks: Blanks
    arms: list[Arm]
    reports: dict[str, OddityReport]
    untrained: dict[str, int] = field(default_factory=dict)
    claims: list[ClaimRecord] = field(default_factory=list)

    @property
    def target_train(self) -> Dataset:
        """The images branches train on."""
        if self.target.train is None:
            raise SuiteError("the target has no training part", where="target")
        return self.target.train

    def settings(self) -> EvaluationSettings:
        """Return the evaluation settings, defaults filled in."""
        return evaluation_settings(self.suite)

    def heads(self, model: str) -> list[HeadMode]:
        """Return which of a model's heads are scored."""
        return heads_of(self.suite, self.originals[model])

    def blank(self, arm: Arm) -> Blank:
        """Return what an arm's branch is made of, freeze point 0."""
        return self.blanks.of(arm.model, pretrained=arm.recipe.pretrained)

    def attach_points(self, arm: Arm) -> list[tuple[str, int]]:
        """Return the suite's attach points as (label, index) for one arm."""
        head = self.originals[arm.model].head
        return [
            (point, resolve_attach_point(point, freeze_point=arm.freeze_point, head=head))
            for point in attach_points_of(self.suite.attach_points, head)
        ]

    def reference_freeze_point(self, model: str) -> int | None:
        """Return the freeze point that specialisation gain is measured against; None where there is none."""
        return reference_arms(self.suite, ends_of({model: self.originals[model]})).get(model)

    def identity(self) -> dict[str, Any]:
        """Return all that decides the numbers; runs of equal identity are the same run."""
        return {
            "format": FORMAT,
            "suite": deciding(portable_suite(self.suite)),
            "originals": {name: original.weights_hash() for name, original in self.originals.items()},
            "target": {
                "train": self.target_train.fingerprint(),
                "evaluate": self.target.evaluate.fingerprint(),
            },
            "reference": {name: dataset.fingerprint() for name, dataset in self.reference.items()},
            "scorer": scorer_version(self.suite.evaluation.scorer),
            "torch": torch.__version__,
            "ultralytics": yolo.version(),
            **further_identity(self.suite, self.arms),
        }

    def run_id(self) -> str:
        """Return the name of the run's folder, the same for the same identity."""
        return run_id(self.identity())


def make_plan(
    loaded: LoadedSuite, *, device: torch.device, progress: Progress | None = None, train_originals: bool = True
) -> Plan:
    """Find and check everything a suite names; train originals that are given as architectures.

    Args:
        loaded: The suite and where it came from.
        device: Where originals are trained if need be.
        progress: Told of downloads and training.
        train_originals: False to plan only: architectures keep random weights, official weights are not downloaded.

    Raises:
        InputError: data, weights or a point is wrong or missing.
    """
    progress = progress or Silent()
    suite, folder = loaded.suite, loaded.folder
    if suite.cam is not None:
        check_cam_package()
    wanted = data_wanted(suite)
    missing = missing_inputs(loaded) if train_originals else []
    if missing:  # before anything is downloaded
        refuse_what_only_hands_can_fetch(missing)
        make_outline(loaded)
    fetching = download_messages(progress)
    target = load_data(suite.target, role="target", suite_folder=folder, fetch=train_originals, progress=fetching)
    opened = {
        name: open_weights(name, folder, progress, download=train_originals)
        for name in suite.models
        if not is_architecture(name)
    }
    reference = load_data(
        suite.reference,
        role="reference",
        suite_folder=folder,
        known_names=next(iter(opened.values())).classes if opened else None,
        with_train=len(opened) < len(suite.models) or "reference.train" in wanted,
        fetch=train_originals,
        progress=fetching,
    )
    if target.train is not None:
        report_shared(target.train, reference.evaluate, reference.report)
    training = reference.train or reference.evaluate
    originals = Originals()
    untrained: dict[str, str] = {}
    for name in suite.models:
        original = opened.get(name) or cached_original(name, folder, suite, training, progress)
        if original is None:
            original = open_untrained(name, folder, training.classes)
            untrained[original.name] = name
        if original.name in originals:
            raise SuiteError("two models have the same name", where="models", found=original.name)
        originals.put(original)
    blanks = Blanks(originals, len(target.evaluate.classes))
    plan = Plan(
        suite,
        target,
        {
            name: align_classes(reference.evaluate, original.classes, reference.report)
            for name, original in originals.items()
        },
        originals,
        blanks,
        make_arms(suite, originals, blanks),
        {"target": target.report, "reference": reference.report},
        dict.fromkeys(untrained, len(training.samples)),
    )
    check_arms(suite, originals, plan.arms)
    for name, original in originals.items():
        kept_labels(suite.keep or (), original.classes)
        mine = [arm for arm in plan.arms if arm.model == name]
        find_further_images(mine, wanted, reference, plan.reference[name], original)
    _check_batches(plan, untrained, training)
    for kept, due in (("originals", bool(untrained)), ("images", suite.train.cache == "disk")):
        if due:
            writable_cache(kept)
    plan.claims = resolve_claims(suite, originals, plan.arms)
    shared = (
        shared_warning(data.evaluate.name, len(data.evaluate.samples), data.report.counts())
        for data in (target, reference)
    )
    for line in [*filter(None, shared), *advice(plan.arms)]:
        progress.message(line, "warning")
    if untrained and reference.train is None:
        progress.message(
            f"{training.name} has no part to train on: originals learn the images they are scored on", "warning"
        )
    if train_originals:  # only now that all else is known to be right
        for model, name in untrained.items():
            trained = pretrain_original(name, folder, suite, training, device, progress)
            originals.put(replace(trained, name=model))
        plan.untrained.clear()
    return plan


def _check_batches(plan: Plan, untrained: Iterable[str], training: Dataset) -> None:
    """Check the batches of the suite's training, and of the originals' that are to be trained first."""
    suite = plan.suite
    for model, original in plan.originals.items():
        recipes = [arm.recipe for arm in plan.arms if arm.model == model]
        check_batches(original, recipes, len(plan.target_train.samples), suite.train, "train")
        if suite.evaluation.shape == "square":
            check_side(original, plan.settings().imgsz, "evaluation.imgsz")
    for model in untrained:
        recipe = pretrain_recipe(plan.originals[model], suite)
        check_batches(plan.originals[model], [recipe], len(training.samples), recipe.train, "pretrain")
