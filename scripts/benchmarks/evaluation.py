"""`scripts/bench --evaluation`: a sweep's checkpoints on COCO, one by one and all at once."""

from __future__ import annotations

import json
import math
import os
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from benchmarks.contenders import command, script_environment
from benchmarks.export import forget_label_caches
from benchmarks.measure import Cost, progress_to_stderr, run_measured
from benchmarks.table import cost_table, machine
from benchmarks.work import Inputs, Work, Written, write_work
from forgetbench.errors import InputError
from forgetbench.files import write_json

#: The training that makes checkpoints where no run is given; four batches an epoch are one optimizer step.
TRAINING = Work(imgsz=160, train_images=64, target_images=4, reference_images=4)


@dataclass(frozen=True)
class Figures:
    """What was measured; `ultralytics` is of `validations` of the checkpoints, `single` of one alone."""

    ours: Cost
    ultralytics: Cost
    single: Cost
    checkpoints: int
    validations: int
    says: str
    difference: float

    def scaled(self) -> dict[str, dict[str, float]]:
        """Return costs by name; where fewer were validated, what each took beyond the first is added for the others."""
        costs = {
            f"Ultralytics, {self.checkpoints} validations": self.ultralytics,
            "Ultralytics, one validation": self.single,
            "forgetbench": self.ours,
        }
        figures = {name: {"wall": cost.wall, "cpu": cost.cpu, "memory": cost.memory} for name, cost in costs.items()}
        many, one, _ = figures.values()
        for figure in ("wall", "cpu"):
            missing = self.checkpoints - self.validations
            many[figure] += missing * (many[figure] - one[figure]) / max(1, self.validations - 1)
        return figures


def measure(
    work: Work, inputs: Inputs, run: Path | None, checkpoints: int, validations: int | None, folder: Path
) -> Figures:
    """Run all three measurements and keep their figures in `folder`.

    Args:
        work: Image size, freeze points and reference images.
        inputs: Weights and data.
        run: A run folder of forgetbench to take checkpoints from; None makes one by a short training.
        checkpoints: How many.
        validations: How many of them Ultralytics validates; None for all.
        folder: Where outputs go.

    Raises:
        InputError: the run holds fewer checkpoints, or there are not that many to validate.
        RunError: a measurement failed.
    """
    if validations is not None and not 2 <= validations <= checkpoints:
        raise InputError(
            "too few or too many", where="--validations", expected=f"2 to {checkpoints}", found=validations
        )
    reference = write_work(work, inputs, folder / "data")
    paths = chosen(run or _trained(work, inputs, checkpoints, folder), checkpoints)
    shared = ["--weights", str(inputs.weights), "--imgsz", str(work.imgsz)]
    images = [] if work.reference_images is None else ["--reference-images", str(work.reference_images)]
    some = paths[: validations or len(paths)]
    ours = _run("ours", [*shared, *images], paths, folder, reference)
    theirs = _run("validations", [*shared, "--reference", str(reference.reference)], some, folder, reference)
    single = _run(
        "validations", [*shared, "--reference", str(reference.reference)], some[-1:], folder, reference, "single"
    )
    reported = [json.loads((folder / name / "scores.json").read_text("utf-8")) for name in ("ours", "validations")]
    difference = max(abs(mine - yours) for mine, yours in zip(*reported, strict=False))
    says = (folder / "ours.log").read_text(encoding="utf-8").strip().splitlines()[-1]
    figures = Figures(ours, theirs, single, len(paths), len(some), says, difference)
    write_json(folder / "evaluation.json", asdict(figures))
    return figures


def chosen(run: Path, count: int) -> list[Path]:
    """Return checkpoints of a run, evenly spread over arms and epochs.

    Raises:
        InputError: there are fewer.
    """
    found = sorted((run / "checkpoints").glob("*/epoch-*.safetensors"))
    if len(found) < count:
        raise InputError(
            "too few checkpoints",
            where=run,
            expected=count,
            found=len(found),
            fix="Lower --checkpoints or give another --run.",
        )
    return [found[index * len(found) // count] for index in range(count)]


def _trained(work: Work, inputs: Inputs, checkpoints: int, folder: Path) -> Path:
    epochs = math.ceil(checkpoints / len(work.freeze_points))
    short = replace(TRAINING, epochs=epochs, freeze_points=work.freeze_points)
    first = {"train": TRAINING.train_images, "target": TRAINING.target_images, "reference": TRAINING.reference_images}
    parts = {
        name: replace(getattr(inputs, name), samples=getattr(inputs, name).samples[:n]) for name, n in first.items()
    }
    written = write_work(short, replace(inputs, **parts), folder / "training")
    output = folder / "runs"
    say = progress_to_stderr("training")
    run_measured(command("forgetbench", short, written, output), folder / "training.log", os.environ, say)
    return next((output / "benchmark").glob("*/DONE")).parent


def _run(
    module: str,
    arguments: Sequence[str],
    paths: Sequence[Path],
    folder: Path,
    written: Written,
    name: str | None = None,
) -> Cost:
    name = name or module
    output = folder / name
    record, say = folder / f"{name}.json", progress_to_stderr(name)
    if record.is_file():
        say("taken from the folder")
        return Cost(**json.loads(record.read_text(encoding="utf-8")))
    output.mkdir(parents=True, exist_ok=True)
    forget_label_caches(written.reference.parent)
    program = [sys.executable, "-m", f"benchmarks.{module}", *arguments, "--output", str(output), *map(str, paths)]
    environment = script_environment(folder / "ultralytics")
    cost = run_measured(program, folder / f"{name}.log", environment, say)
    write_json(record, asdict(cost))
    return cost


def markdown(figures: Figures, work: Work, images: int) -> str:
    """Return the figures as Markdown."""
    partly = (
        f" **Times of Ultralytics are those of {figures.validations} validations, and for the others what each took "
        f"beyond start-up.**"
        if figures.validations < figures.checkpoints
        else ""
    )
    costs = figures.scaled()
    return "\n\n".join(
        [
            f"A sweep's checkpoints on {images} images of COCO val2017 at {work.imgsz} px ({figures.says}). "
            f"One process each, start-up included.{partly}",
            machine(),
            cost_table(costs),
            f"AP as each prints it differs by up to {figures.difference:.4f} (Ultralytics' own metric interpolates "
            "precision differently).",
        ]
    )


def last_line(figures: Figures) -> str:
    """Return the line that a script can read: ratios of wall time and of peak memory."""
    all_of_them, single, ours = figures.scaled().values()
    return (
        f"validations/forgetbench {all_of_them['wall'] / ours['wall']:.2f} "
        f"memory forgetbench/one-validation {ours['memory'] / single['memory']:.2f}"
    )
