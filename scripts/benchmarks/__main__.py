"""The command line of `scripts/bench`."""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from benchmarks import evaluation
from benchmarks.agreement import Pair, compare, largest
from benchmarks.contenders import CONTENDERS, run_contender
from benchmarks.measure import progress_to_stderr
from benchmarks.table import ap_table, cost_table, last_line, machine, medians
from benchmarks.work import QUICK, Inputs, Work, Written, described, find_inputs, write_work
from forgetbench.errors import ForgetbenchError, InputError
from forgetbench.files import write_json, write_text


def parser() -> argparse.ArgumentParser:
    """Return the command line; what is not given is the work that the benchmark is about."""
    made = argparse.ArgumentParser(
        prog="scripts/bench",
        description="The same sweep through a plain script on Ultralytics, a tuned one, and forgetbench: time, memory, "
        "disk, and whether AP agree. Without flags: YOLOv8n, BCCD, 128 images of COCO, freeze points 22, 15, 10 and 0, "
        "8 epochs all evaluated, 320 px.",
    )
    made.add_argument("--quick", action="store_true", help="little work: minutes, to see that all runs")
    made.add_argument("--epochs", type=int)
    made.add_argument("--imgsz", type=int)
    made.add_argument("--freeze-points", type=int, nargs="+")
    made.add_argument("--train-images", type=int, help="use the first N training images")
    made.add_argument("--target-images", type=int, help="use the first N evaluation images of the target")
    made.add_argument("--reference-images", type=int, help="use the first N images of COCO")
    made.add_argument("--rounds", type=int, default=1, help="how often each contender runs, in turn")
    made.add_argument("--keep", type=Path, help="keep all files here; what it holds already is not run again")
    made.add_argument("--output", type=Path, help="write the tables to this Markdown file as well")
    made.add_argument("--evaluation", action="store_true", help="measure the evaluation of many checkpoints instead")
    made.add_argument("--run", type=Path, help="with --evaluation: a run folder to take checkpoints from")
    made.add_argument("--checkpoints", type=int, default=32, help="with --evaluation: how many")
    made.add_argument("--validations", type=int, help="with --evaluation: how many Ultralytics validates (all)")
    return made


def work_of(given: argparse.Namespace) -> Work:
    """Return the work that a command line asks for."""
    start = QUICK if given.quick else Work(imgsz=640) if given.evaluation else Work()
    named = {
        name: getattr(given, name)
        for name in ("epochs", "imgsz", "train_images", "target_images", "reference_images")
        if getattr(given, name) is not None
    }
    if given.freeze_points:
        named["freeze_points"] = tuple(given.freeze_points)
    return replace(start, **named)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark, print its tables, and return the exit code."""
    given = parser().parse_args(arguments)
    try:
        work = work_of(given)
        inputs = find_inputs(work)
        folder = (given.keep or Path(tempfile.mkdtemp(prefix="forgetbench-bench-"))).absolute()
        claim(folder, asked_for(given, work))
        print(
            f"files are in {folder}; should this be interrupted, --keep {folder} goes on", file=sys.stderr, flush=True
        )
        if given.evaluation:
            run = given.run.absolute() if given.run else None
            figures = evaluation.measure(work, inputs, run, given.checkpoints, given.validations, folder)
            text = evaluation.markdown(figures, work, len(inputs.reference.samples))
            line = evaluation.last_line(figures)
        else:
            text, line = sweep(work, inputs, given.rounds, folder)
    except ForgetbenchError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    if given.output:
        write_text(given.output, text + "\n")
    print(f"\n{text}\n\n{line}")
    if given.keep is None:
        shutil.rmtree(folder)
    return 0


def asked_for(given: argparse.Namespace, work: Work) -> dict[str, Any]:
    """Return all that decides what a folder's figures are of."""
    if not given.evaluation:
        return {"sweep": described(work)}
    run = None if given.run is None else str(given.run.absolute())
    return {"evaluation": described(work), "run": run, "checkpoints": given.checkpoints, "of": given.validations}


def claim(folder: Path, work: dict[str, Any]) -> None:
    """Make a folder this work's.

    Raises:
        InputError: it holds the figures of other work.
    """
    record = folder / "work.json"
    if record.is_file() and json.loads(record.read_text(encoding="utf-8")) != work:
        raise InputError(
            "holds the figures of other work", where=folder, expected=work, fix="Name another folder with --keep."
        )
    write_json(record, work)


def sweep(work: Work, inputs: Inputs, rounds: int, folder: Path) -> tuple[str, str]:
    """Run all contenders in turn and compare AP; return the tables and the last line."""
    written = write_work(work, inputs, folder / "data")
    measured = [
        {name: _once(name, number, work, written, folder) for name in CONTENDERS} for number in range(1, rounds + 1)
    ]
    costs = medians(measured)
    pairs = _compared(work, inputs, written, folder)
    apart = largest(pairs)
    images = [len(dataset.samples) for dataset in (inputs.train, inputs.target, inputs.reference)]
    late = sum(contender["warnings"] for one in measured for contender in one.values())
    points = ", ".join(map(str, work.freeze_points))
    remarks = [
        f"YOLOv8n, {images[0]} training images of BCCD, evaluated on {images[1]} and on {images[2]} of COCO val2017, "
        f"freeze points {points}, {work.epochs} epochs, all evaluated, {work.imgsz} px, batch 16, AdamW. "
        f"Medians of {rounds} {'round' if rounds == 1 else 'rounds'}, contenders in turn, each a process of its own, "
        "start-up included.",
        machine(),
        cost_table(costs),
        "AP after the last epoch as each reports it. Augmentation is random in its own way in each, and plain reports "
        "Ultralytics' own metric, so these agree only roughly:",
        ap_table(measured[0], work.freeze_points, work.epochs),
        f"AP of identical weights: {len(pairs)} scores of the scripts' checkpoints evaluated again by forgetbench "
        f"differ by at most {apart.difference:.6f} ({apart.script}, freeze point {apart.freeze_point}, epoch "
        f"{apart.epoch}, {apart.role}: {apart.theirs:.6f} and {apart.ours:.6f}).",
    ]
    if late:
        remarks.append(
            f"Ultralytics' suppression ran out of time {late} times and dropped boxes; the machine was busy."
        )
    return "\n\n".join(remarks), last_line(costs, apart.difference)


def _once(name: str, number: int, work: Work, written: Written, folder: Path) -> dict[str, Any]:
    """Return a contender's figures of one round: those that the folder holds, else measured now."""
    record = folder / f"round{number}-{name}.json"
    say = progress_to_stderr(f"round {number}, {name}")
    if record.is_file():
        say("taken from the folder")
    else:
        output = folder / f"round{number}" / name
        run_contender(name, work, written, output, record, say)
        if number > 1:  # AP is compared on the first round's checkpoints
            shutil.rmtree(output)
    measured: dict[str, Any] = json.loads(record.read_text(encoding="utf-8"))
    say(f"{measured['wall']:.1f} s, {measured['cpu']:.1f} s CPU, {measured['memory'] / 2**20:.0f} MiB")
    return measured


def _compared(work: Work, inputs: Inputs, written: Written, folder: Path) -> list[Pair]:
    record = folder / "agreement.json"
    if not record.is_file():
        first = folder / "round1"
        pairs = compare(work, inputs, written, first / "plain", first / "tuned", progress_to_stderr("agreement"))
        write_json(record, [asdict(pair) for pair in pairs])
    return [Pair(**pair) for pair in json.loads(record.read_text(encoding="utf-8"))]


if __name__ == "__main__":
    sys.exit(main())
