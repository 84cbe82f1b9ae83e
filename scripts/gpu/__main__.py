"""The command line of `scripts/gpu-check`."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch

from forgetbench.device import is_gpu, keep_freed_memory, name_and_cuda, pick_device, repeat_exactly, use_all_cores
from forgetbench.errors import ForgetbenchError
from forgetbench.files import write_json
from forgetbench.model import yolo
from gpu.checks import PARTS
from gpu.work import CARD, REHEARSAL, Inputs, find_inputs


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(
        prog="scripts/gpu-check",
        description="What only a GPU can show, in at most five minutes: that branches trained together equal one "
        "trained alone and a resumed training an uninterrupted one under mixed precision, that memory and utilisation "
        "are read, that evaluation agrees with the CPU's, how often the host waits, and what plain Ultralytics and "
        "forgetbench take for the same sweep. Ends with one JSON object. With --device cpu it rehearses all that a "
        "CPU can.",
    )
    made.add_argument("--device", default="cuda:0", help="what to check (default: cuda:0)")
    made.add_argument("--only", nargs="+", choices=list(PARTS), help="these parts alone")
    made.add_argument("--seconds", type=float, default=180, help="start no further part after so long (default: 180)")
    made.add_argument("--output", type=Path, help="write the JSON object to this file as well")
    return made


def run_parts(inputs: Inputs, chosen: Sequence[str], began: float, seconds: float) -> dict[str, Any]:
    """Run parts in turn until time is up; a part that fails says so and keeps no other back."""
    found: dict[str, Any] = {}
    for name in chosen:
        started = time.monotonic()
        if started - began > seconds:
            found[name] = {"passed": None, "why": "no time was left"}
            continue
        try:
            found[name] = PARTS[name](inputs)
        except Exception as error:  # what a card does with code that never ran on one is not known
            found[name] = {"passed": False, "why": f"{type(error).__name__}: {error}"}
        found[name]["took_seconds"] = round(time.monotonic() - started, 1)
        print(f"{name}: {_word(found[name]['passed'])}, {found[name]['took_seconds']} s", file=sys.stderr, flush=True)
    return found


def summary(device: torch.device, parts: Mapping[str, Any], seconds: float) -> dict[str, Any]:
    """Return the whole result; it passed if no part failed and, on a GPU, every part that could be shown was."""
    name, cuda = name_and_cuda(device)
    return {
        "device": name,
        "cuda": cuda,
        "torch": torch.__version__,
        "ultralytics": yolo.version(),
        "rehearsal": not is_gpu(device),
        "parts": dict(parts),
        "seconds": round(seconds, 1),
        "passed": all(part["passed"] is not False for part in parts.values()),
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """Check a device, print the JSON object, and return the exit code."""
    given, began = parser().parse_args(arguments), time.monotonic()
    try:
        use_all_cores()
        keep_freed_memory()
        device = pick_device(given.device)
        repeat_exactly(device)
        with tempfile.TemporaryDirectory(prefix="forgetbench-gpu-") as folder:
            inputs = find_inputs(device, CARD if is_gpu(device) else REHEARSAL, Path(folder))
            parts = run_parts(inputs, given.only or list(PARTS), began, given.seconds)
        whole = summary(device, parts, time.monotonic() - began)
        if given.output:
            write_json(given.output, whole)
    except ForgetbenchError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    print(json.dumps(whole, indent=1))
    return 0 if whole["passed"] else 1


def _word(passed: bool | None) -> str:
    return {True: "passed", False: "FAILED", None: "not shown"}[passed]


if __name__ == "__main__":
    sys.exit(main())
