"""Writing a combined detector into one file, once what it detects is known to be what the run scored."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal

import torch
from torch import Tensor, nn

from forgetbench.device import pick_device
from forgetbench.errors import InputError, RunError
from forgetbench.evaluate.detections import load_detections
from forgetbench.evaluate.networks import ModuleStore
from forgetbench.files import write_bytes
from forgetbench.model import yolo
from forgetbench.model.checkpoint import load_checkpoint
from forgetbench.model.combined import CombinedClasses, combine, combine_classes
from forgetbench.plan.plan import Plan
from forgetbench.progress import Progress, Silent
from forgetbench.proof.verify import open_subject, opened
from forgetbench.record.folder import RunFolder
from forgetbench.record.strangers import reading
from forgetbench.record.table_files import as_trained
from forgetbench.ship.about import about
from forgetbench.ship.choice import Choice, choose
from forgetbench.ship.file_check import TOLERANCE, Compared, compare
from forgetbench.ship.unchanged import require_unchanged, require_unchanged_tables
from forgetbench.suite.points import resolve_attach_point
from forgetbench.sweep.reproduce import plan_again

Check = Literal["sample", "full"]
#: A one-to-one head keeps its best detections of all classes; while a file is checked, as many as it has.
ALL = 100_000


@dataclass(frozen=True)
class Exported:
    """A file that holds a combined detector.

    Attributes:
        path: The file.
        choice: What of the run is in it.
        classes: What its outputs are.
        compared: AP of the file and of the run, on the target and on the reference.
    """

    path: Path
    choice: Choice
    classes: CombinedClasses
    compared: tuple[Compared, ...]


def export_run(
    run: str | Path,
    output: str | Path,
    *,
    arm: str | None = None,
    attach: str | None = None,
    epoch: int | None = None,
    head: str | None = None,
    merge_classes: bool = False,
    check: Check = "sample",
    overrides: Sequence[str] = (),
    progress: Progress | None = None,
) -> Exported:
    """Write one detector for the target's and the reference's classes as a `.pt` file that plain Ultralytics opens.

    The file is opened again and run on images of both datasets. It comes into its place only if its AP there is what
    the run's own detections have.

    Args:
        run: A finished run's folder, or an archive of one with its checkpoints.
        output: The file to write; its name ends in `.pt`.
        arm: Name, label or freeze point; may be left out where the run has one arm.
        attach: One of the suite's attach points; default: `head`.
        epoch: One whose checkpoint was scored; default: the last.
        head: `one-to-many` or `one-to-one`, where the model has both; default: the first that was scored.
        merge_classes: Whether classes of one name on both sides become one; else the target's get a suffix.
        check: Whether a sample of the images is looked at or all of them.
        overrides: Where data and weights are, e.g. `target.path=/data/fruit`.
        progress: Told what is going on.

    Raises:
        InputError: it is no finished run, has no such arm, epoch, attach point or head, or data or weights are missing
            or others.
        RunError: the file does not detect what the run scored; nothing is left of it.
    """
    progress, output = progress or Silent(), Path(output)
    if output.suffix != ".pt":
        raise InputError("the file's name does not say its format", where=output, expected="a name that ends in .pt")
    with opened(Path(run)) as folder:
        with reading(folder):
            subject = open_subject(folder)
            manifest = subject.folder.read_manifest()
            require_unchanged_tables(subject, ("results.csv", "intervals.csv"))
            choice = choose(
                manifest, as_trained(subject.folder.results()), arm=arm, attach=attach, epoch=epoch, head=head
            )
            checkpoint = subject.folder.checkpoint(choice.arm["arm"], choice.epoch)
            detections = map(subject.folder.detections_called, (choice.target, choice.reference))
            require_unchanged(subject, [checkpoint, *detections])
            _, tensors = load_checkpoint(checkpoint)
            text = about(manifest, subject.folder, choice)
        plan = plan_again(manifest, run, overrides, pick_device("cpu"), progress)
        name = choice.arm["model"]
        if plan.originals[name].weights_hash() != manifest["models"][name]["weights_hash"]:
            raise InputError(
                "not the original of the run: trained anew from its architecture, it came out otherwise",
                where=name,
                fix="Export where the run was made.",
            )
        with reading(folder):
            model, classes = _combined(plan, choice, tensors, merge_classes=merge_classes)
        text["classes"] = {"reference": list(classes.reference), "target": list(classes.target)}
        with TemporaryDirectory(prefix="forgetbench-") as place:
            made = Path(place) / output.name  # Ultralytics goes by the suffix
            torch.save(_content(model, text, plan), made)
            compared = _checked(made, plan, RunFolder(folder), choice, classes, progress, full=check == "full")
            write_bytes(output, made.read_bytes())
    return Exported(output, choice, classes, compared)


def _combined(
    plan: Plan, choice: Choice, tensors: dict[str, Tensor], *, merge_classes: bool
) -> tuple[yolo.Yolo, CombinedClasses]:
    """Return the detector of a choice, and its classes."""
    arm = next(arm for arm in plan.arms if arm.name == choice.arm["arm"])
    original = plan.originals[arm.model]
    store = ModuleStore(original)
    keys = store.put_branch(arm.freeze_point, plan.blank(arm).modules[arm.freeze_point :], tensors)
    branch: list[nn.Module] = store.modules_of(store.task_network(arm.freeze_point, keys, choice.head))
    attach = resolve_attach_point(choice.attach, freeze_point=arm.freeze_point, head=original.head)
    target = plan.target.evaluate
    classes = combine_classes(original.classes, target.classes, merge=merge_classes, suffix=target.name)
    one_to_one = choice.head == "one-to-one"
    own = branch[arm.freeze_point :]
    return combine(original, own, arm.freeze_point, attach, classes, one_to_one=one_to_one), classes


def _content(model: yolo.Yolo, text: dict[str, Any], plan: Plan) -> dict[str, Any]:
    """Return what Ultralytics expects in a file of weights, and what we say of it."""
    return {
        "model": model.half(),
        "train_args": {"task": "detect", "imgsz": plan.settings().imgsz},
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "version": yolo.version(),
        "license": "AGPL-3.0 License (https://ultralytics.com/license)",
        "forgetbench": text,
    }


def _checked(
    path: Path,
    plan: Plan,
    folder: RunFolder,
    choice: Choice,
    classes: CombinedClasses,
    progress: Progress,
    *,
    full: bool,
) -> tuple[Compared, ...]:
    """Open a file as its users will, and compare its AP with the run's.

    Raises:
        RunError: they differ by more than arithmetic explains.
    """
    model = yolo.opened_as_users_do(path)
    yolo.set_max_detections(yolo.modules_of(model)[-1], ALL)
    sides = (
        ("target", plan.target.evaluate, classes.target, choice.target),
        ("reference", plan.reference[choice.arm["model"]], classes.reference, choice.reference),
    )
    found = []
    for role, dataset, outputs, file in sides:
        progress.message(f"checking the file on {dataset.name}")
        compared = compare(
            partial(_run, model), dataset, outputs, load_detections(folder.detections_called(file))[0],
            plan.settings(), max(yolo.strides_of(model)), role=role, scorer=plan.suite.evaluation.scorer, full=full,
        )  # fmt: skip
        if not compared.alike:
            raise RunError(
                f"the file does not detect what the run scored on {dataset.name}",
                where=path.name,
                expected=f"AP {compared.run} within {TOLERANCE} on {compared.images} images",
                found=str(compared.file),
                fix="Please report this with the suite; nothing was written.",
            )
        found.append(compared)
    return tuple(found)


def _run(model: yolo.Yolo, images: Tensor) -> Tensor:
    predictions: Tensor = model(images)[0]
    return predictions
