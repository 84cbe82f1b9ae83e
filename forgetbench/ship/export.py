"""Writing a detector of a run into one file, once what it detects is known to be what the run scored."""

from __future__ import annotations

import json
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import torch

from forgetbench.cache_use import using_cache
from forgetbench.device import pick_device
from forgetbench.errors import InputError, RunError
from forgetbench.evaluate.detections import load_detections_on
from forgetbench.files import place_folder, write_bytes
from forgetbench.model import yolo
from forgetbench.model.checkpoint import load_checkpoint
from forgetbench.model.combined import CombinedClasses
from forgetbench.plan.plan import Plan
from forgetbench.progress import Progress, Silent
from forgetbench.proof.verify import open_subject, opened
from forgetbench.record.folder import RunFolder
from forgetbench.record.strangers import reading
from forgetbench.scratch import scratch_folder
from forgetbench.ship import runtimes
from forgetbench.ship.about import about
from forgetbench.ship.choice import Choice, Only, choose
from forgetbench.ship.detector import file_content, make_detector
from forgetbench.ship.file_check import Compared, Runtime, Side, Terms, compare_with_other, compare_with_run
from forgetbench.ship.formats import PT, Format, check_format, find_format
from forgetbench.ship.latency import Latency, time_in_turn, two_models
from forgetbench.ship.unchanged import require_unchanged, require_unchanged_tables
from forgetbench.sweep.reproduce import plan_again

Check = Literal["sample", "full"]
#: What latencies call the file itself.
FILE = "the file"


@dataclass(frozen=True)
class Exported:
    """A file that holds a detector.

    Attributes:
        path: The file, or the folder of files where that is the format.
        format: Its format.
        choice: What of the run is in it.
        classes: What its outputs are.
        compared: AP of the `.pt` file and of the run, on each of the data whose classes it knows.
        converted: AP of the file and of the `.pt` file, where it has another format.
        latency: Of the file in its own runtime, of the original alone and of two models, by name; None not asked for.
    """

    path: Path
    format: str
    choice: Choice
    classes: CombinedClasses
    compared: tuple[Compared, ...]
    converted: tuple[Compared, ...]
    latency: Mapping[Hashable, Latency] | None = None


@using_cache()
def export_run(
    run: str | Path,
    output: str | Path,
    *,
    arm: str | None = None,
    attach: str | None = None,
    epoch: int | None = None,
    head: str | None = None,
    variant: str | None = None,
    only: Only | None = None,
    merge_classes: bool = False,
    format: str | None = None,
    half: bool = False,
    check: Check = "sample",
    timed: bool = False,
    overrides: Sequence[str] = (),
    progress: Progress | None = None,
) -> Exported:
    """Write one detector for the target's and the reference's classes, which needs no forgetbench to run.

    A `.pt` file is made, opened again and run on images of both datasets: its AP there must be what the run's own
    detections have. Another format is made from it, opened by its own runtime, and held against it in the same way.
    Only then it comes into its place.

    Args:
        run: A finished run's folder, or an archive of one with its checkpoints.
        output: The file to write; a name without any ending gets the format's.
        arm: Name, label or freeze point; may be left out where the run has one arm.
        attach: One of the suite's attach points; default: `head`.
        epoch: One whose checkpoint was scored; default: the last.
        head: `one-to-many` or `one-to-one`, where the model has both; default: the first that was scored.
        variant: One that was scored; default: the checkpoint as trained.
        only: `target` or `reference`, for an ordinary detector of these classes alone.
        merge_classes: Whether classes of one name on both sides become one; else the target's get a suffix.
        format: One of `ship.formats`; default: what the file's name says.
        half: Whether another format than `.pt`, which always has them, gets float16 numbers.
        check: Whether a sample of the images is looked at or all of them.
        timed: Whether to measure latency on this machine's CPU, beside the original alone and two models in PyTorch.
        overrides: Where data and weights are, e.g. `target.path=/data/fruit`.
        progress: Told what is going on.

    Raises:
        InputError: it is no finished run, has no such arm, epoch, attach point, head or variant; data or weights are
            missing or others; or the format cannot be made here.
        RunError: the exporter fails, or the file does not detect what the run scored; nothing is left of it.
    """
    progress = progress or Silent()
    kind, output = find_format(Path(output), format)
    if only is not None and merge_classes:
        raise InputError("classes can be merged only in a detector of both data", found=f"only the {only}'s classes")
    with opened(Path(run)) as folder:
        with reading(folder):
            subject = open_subject(folder)
            manifest = subject.folder.read_manifest()
            require_unchanged_tables(subject, ("results.csv", "intervals.csv"))
            choice = choose(
                manifest, subject.folder.results(),
                arm=arm, attach=attach, epoch=epoch, head=head, variant=variant, only=only,
            )  # fmt: skip
            check_format(kind, output, one_to_one=choice.head == "one-to-one", half=half)
            checkpoint = subject.folder.checkpoint(choice.arm["arm"], choice.epoch)
            detections = map(subject.folder.detections_called, choice.detections.values())
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
            model, classes = make_detector(plan, choice, tensors, merge_classes=merge_classes)
        text["classes"] = {"reference": list(classes.reference), "target": list(classes.target)}
        sides = _sides(plan, RunFolder(folder), choice, classes)
        terms = Terms(plan.settings(), max(yolo.strides_of(model)), plan.suite.evaluation.scorer, check == "full")
        with scratch_folder() as place:
            made = place / "detector.pt"  # Ultralytics goes by the suffix
            torch.save(file_content(model, text, terms.settings.imgsz), made)
            checked = runtimes.opened(made, PT)
            compared = _alike(sides, "pt", output, progress, lambda side: compare_with_run(checked, side, terms))
            converted: tuple[Compared, ...] = ()
            file = checked
            if kind is not PT:
                progress.message(f"making the format {kind.name}")
                made = _converted(made, kind, terms, choice, json.dumps(text), half=half)
                file = runtimes.opened(made, kind)
                converted = _alike(
                    sides, kind.name, output, progress,
                    lambda side: compare_with_other(file, checked, side, terms, half=half),
                )  # fmt: skip
            latency = _timed(file, plan, choice, progress) if timed else None
            if kind.folder:
                place_folder(made, output)
            else:
                write_bytes(output, made.read_bytes())
    return Exported(output, kind.name, choice, classes, compared, converted, latency)


def _sides(plan: Plan, folder: RunFolder, choice: Choice, classes: CombinedClasses) -> list[Side]:
    """Return what a detector is to detect of the data whose classes it knows."""
    known = {
        "target": (plan.target.evaluate, classes.target),
        "reference": (plan.reference[choice.arm["model"]], classes.reference),
    }
    return [
        Side(role, *known[role], load_detections_on(known[role][0], folder.detections_called(file)))
        for role, file in choice.detections.items()
    ]


def _converted(made: Path, kind: Format, terms: Terms, choice: Choice, text: str, *, half: bool) -> Path:
    """Return another format of a `.pt` file."""
    from forgetbench.model.convert import convert

    one_to_one = choice.head == "one-to-one"
    return convert(made, kind.name, imgsz=terms.settings.imgsz, one_to_one=one_to_one, half=half, about=text)


def _timed(file: Runtime, plan: Plan, choice: Choice, progress: Progress) -> dict[Hashable, Latency]:
    """Return the latency of a file, of the original alone and of two models."""
    arm = next(arm for arm in plan.arms if arm.name == choice.arm["arm"])
    device = pick_device("cpu")
    others = two_models(plan, arm, device, one_to_one=choice.head == "one-to-one")
    return time_in_turn(plan, arm.model, {FILE: file, **others}, device, progress)


def _alike(
    sides: Sequence[Side], name: str, output: Path, progress: Progress, compare: Callable[[Side], Compared]
) -> tuple[Compared, ...]:
    """Return how a file compares on each of the data.

    Raises:
        RunError: on one of them its AP differs by more than arithmetic explains.
    """
    found = []
    for side in sides:
        progress.message(f"checking the {name} file on {side.dataset.name}")
        compared = compare(side)
        if not compared.alike:
            raise RunError(
                f"the {name} file does not detect what the run scored on {compared.dataset}",
                where=output.name,
                expected=f"AP {compared.expected} within {compared.tolerance} on {compared.images} images",
                found=str(compared.file),
                fix="Please report this with the suite; nothing was written.",
            )
        found.append(compared)
    return tuple(found)
