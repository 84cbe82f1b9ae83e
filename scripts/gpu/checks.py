"""What is checked: each part returns what it measured, and whether that is as it should be."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import torch
from benchmarks.contenders import run_contender
from benchmarks.work import Inputs as TimedInputs
from benchmarks.work import Work, write_work
from torch import Tensor

from forgetbench.device import is_gpu, pick_precision
from forgetbench.evaluate.networks import ModuleStore
from forgetbench.evaluate.passes import evaluate
from forgetbench.meters import UtilisationSampler
from forgetbench.model.original import as_stored
from forgetbench.train.session import TrainingSession
from gpu.agreement import agreement, score_of
from gpu.counts import as_on_a_gpu, heard, waits_of_a_branch, waits_of_a_pass
from gpu.waits import Waits, counted
from gpu.work import OFFICIAL, SHIPPED, Inputs, named_as

#: What a part returns; `passed` is None where the device cannot show it.
Part = dict[str, Any]
#: Most that weights and losses may differ where they are not equal to the last bit: losses as shares of themselves.
WEIGHTS, LOSSES = 1e-3, 1e-3


def joint(inputs: Inputs) -> Part:
    """Train branches together and one of them alone, twice: what differs between the two is the device's own."""
    points = inputs.amount.points
    arm, original = f"f{points[-1]}", inputs.originals[SHIPPED]
    together, once, again = (
        _trained(inputs.session(original, which), arm) for which in (points, points[-1:], points[-1:])
    )
    part = {"together_and_alone": _apart(together, once), "alone_and_again": _apart(once, again)}
    return {"amp": _mixed(inputs), **part, "passed": _close(part["together_and_alone"])}


def resumed(inputs: Inputs) -> Part:
    """Train three epochs in one go, and the last two from a state that went through a file."""
    original, points = inputs.originals[SHIPPED], inputs.amount.points[-1:]
    arm = f"f{points[0]}"
    whole = _trained(inputs.session(original, points, epochs=3), arm)
    first = inputs.session(original, points, epochs=3)
    epochs = first.epochs()
    losses = next(epochs).step_losses[arm]
    torch.save(first.state(), inputs.folder / "state.pt")
    epochs.close()
    second = inputs.session(original, points, epochs=3)
    second.restore(torch.load(inputs.folder / "state.pt", map_location=inputs.device, weights_only=True))
    rest, weights = _trained(second, arm)
    apart = _apart(whole, (losses + rest, weights))
    return {"amp": _mixed(inputs), **apart, "passed": _close(apart)}


def memory(inputs: Inputs) -> Part:
    """Measure each branch's peak alone, and read how busy the device is while they train."""
    points = inputs.amount.points
    session = inputs.session(inputs.originals[SHIPPED], points, epochs=1)
    with UtilisationSampler(inputs.device, seconds=0.05) as sampler:
        (record,) = session.epochs()
    peaks = {row.arm: row.bytes for row in record.memory if row.kind == "max_allocated"}
    part: Part = {"max_allocated": peaks, "utilisation": sampler.mean}
    if not is_gpu(inputs.device):
        return {**part, "passed": None, "why": "only a GPU has them"}
    shallow, deep = (peaks[f"f{point}"] or 0 for point in (points[0], points[-1]))
    return {**part, "passed": sampler.mean is not None and 0 < shallow < deep}


def evaluation(inputs: Inputs) -> Part:
    """Evaluate each model on the device and on the CPU and hold the detections against each other."""
    part: Part = {}
    for name, original in inputs.originals.items():
        store = ModuleStore(original)
        network = store.original_network("one-to-many")
        given = (store, [network], inputs.evaluate, inputs.settings())
        with as_on_a_gpu():
            there = evaluate(*given, inputs.device)[network]
        here = evaluate(*given, torch.device("cpu"))[network]
        part[name] = agreement(there, here)
        if name == SHIPPED:
            part[name]["ap"] = [score_of(inputs.evaluate, found) for found in (there, here)]
            part[name]["passed"] &= abs(part[name]["ap"][0] - part[name]["ap"][1]) <= 0.002
    return {**part, "passed": all(of_model["passed"] for of_model in part.values())}


def waits(inputs: Inputs) -> Part:
    """Count what the host waits for: on the CPU by intercepting operators, on a GPU also by what PyTorch says of it."""
    original, points, images = inputs.originals[SHIPPED], inputs.amount.points, len(inputs.evaluate.samples)
    counters = {"counted": counted, **({"heard": heard} if is_gpu(inputs.device) else {})}
    part: Part = {}
    for name, counter in counters.items():
        each, shared = waits_of_a_branch(lambda n: inputs.session(original, points[:n], epochs=1), counter)
        store = ModuleStore(original)
        given = (store, [store.original_network("one-to-many")], inputs.evaluate, inputs.settings(), inputs.device)
        found = waits_of_a_pass(lambda given=given: evaluate(*given), counter)  # type: ignore[misc]
        part[name] = {
            "branch_and_step": _listed(each),
            "step": _listed(shared),
            "evaluation": {"batches": math.ceil(images / inputs.amount.batch), "images": images, **_listed(found)},
        }
    return {**part, "passed": None}


def times(inputs: Inputs) -> Part:
    """Let plain Ultralytics and forgetbench do the same sweep with yolov8n, each a process of its own."""
    if inputs.official is None:
        return {"passed": None, "why": f"{OFFICIAL} is not here"}
    original, amount = inputs.originals[OFFICIAL], inputs.amount
    images = len(inputs.evaluate.samples)
    work = Work(amount.timed_epochs, amount.imgsz, amount.points, len(inputs.train.samples), images, images)
    target = inputs.train
    reference = named_as(inputs.evaluate, original)
    written = write_work(
        work, TimedInputs(inputs.official, original, target, target, reference), inputs.folder / "timed"
    )
    seconds = {
        name: run_contender(
            name, work, written, inputs.folder / name, inputs.folder / f"{name}.json", lambda _text: None,
            device=str(inputs.device),
        )["wall"]
        for name in ("plain", "forgetbench")
    }  # fmt: skip
    return {"seconds": seconds, "ratio": seconds["plain"] / seconds["forgetbench"], "passed": True}


#: In the order in which they run: what proves most first.
PARTS = {
    "joint": joint,
    "resumed": resumed,
    "memory": memory,
    "evaluation": evaluation,
    "waits": waits,
    "times": times,
}

Trained = tuple[list[float], Mapping[str, Tensor]]


def _trained(session: TrainingSession, arm: str) -> Trained:
    """Return an arm's step losses and, as its checkpoint holds them, its weights."""
    losses = [loss for record in session.epochs() for loss in record.step_losses[arm]]
    return losses, as_stored(session.learners[arm].checkpoint_tensors())


def _apart(one: Trained, other: Trained) -> Part:
    """Return how far two trainings of one arm are apart."""
    weights = max(float((one[1][name].double() - other[1][name].double()).abs().max()) for name in one[1])
    losses = max(abs(a - b) / max(abs(a), 1e-12) for a, b in zip(one[0], other[0], strict=True))
    same = one[0] == other[0] and all(torch.equal(one[1][name], other[1][name]) for name in one[1])
    return {"to_the_last_bit": same, "losses": losses, "weights": weights}


def _close(apart: Part) -> bool:
    return bool(apart["losses"] <= LOSSES and apart["weights"] <= WEIGHTS)


def _mixed(inputs: Inputs) -> bool:
    return pick_precision(inputs.device, amp=True).mixed


def _listed(waits: Waits) -> dict[str, int]:
    return {f"{owner}: {kind}": count for (kind, owner), count in sorted(waits.items())}
