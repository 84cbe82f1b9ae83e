"""What a run was made with, and on which data."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from forgetbench.record.manifest import ArmRecord, Manifest
from forgetbench.report.blocks import Block, Heading, Items, Name
from forgetbench.report.text import UNMEASURED
from forgetbench.report.view import RunView


def section(view: RunView) -> Iterator[Block]:
    """Yield how arms were trained and scored, with which versions on what machine, and a line per dataset."""
    yield Heading("Settings", level=2)
    yield Items([Name(line) for line in _settings(view.manifest)])
    yield Heading("Data", level=2)
    yield Items([Name(_of_data(role, data)) for role, data in view.data.items()])


def _settings(manifest: Manifest) -> Iterator[str]:
    train, evaluation, environment = manifest["suite"]["train"], manifest["evaluation"], manifest["environment"]
    asked: Mapping[str, Any] = train
    yield (
        ", ".join(f"{key} {asked[key]}" for key in ("epochs", "imgsz", "batch", "nbs", "optimizer", "lr0", "lrf"))
        + f", warmup_bias_lr {_bias_rates(manifest['arms'])}"
        + f", seeds {', '.join(map(str, manifest['suite']['seeds']))}, class rows copied by name: {train['cls_remap']}"
    )
    yield "evaluation: " + ", ".join(f"{key} {value}" for key, value in sorted(evaluation.items()))
    yield (
        ", ".join(f"{name} {version}" for name, version in environment["packages"].items() if version)
        + f"; {environment['device']}, {environment['processor']}, {environment['threads']} threads"
    )
    varied = list(dict.fromkeys(setting for arm in manifest["arms"] if (setting := arm.get("setting"))))
    if varied:
        yield f"each arm under: {'; '.join(varied)}"
    for arm in manifest["suite"].get("arms", []):
        yield f"{arm['name']}: {_own_settings(arm)}"


def _bias_rates(arms: Sequence[ArmRecord]) -> str:
    """Return the rates that biases started their warm-up at, all that there were among the arms."""
    rates = dict.fromkeys(arm["train"]["warmup_bias_lr"] for arm in arms if "train" in arm)
    return " or ".join(f"{rate:g}" for rate in rates) or UNMEASURED


def _own_settings(arm: Mapping[str, Any]) -> str:
    """Return what an arm beside the freeze points does otherwise, from its entry in the suite."""
    said = [f"freeze point {arm['freeze_point']}"]
    said += [f"{name} {_plain(options)}" for name, options in arm["strategy"].items()]
    said += [f"{key} {value}" for key, value in arm["train"].items() if value is not None]
    return ", ".join(said + ([] if arm["pretrained"] else ["random weights"]))


def _plain(options: Any) -> str:
    if isinstance(options, dict):
        return " ".join(f"{key}: {value}" for key, value in options.items())
    return " ".join(map(str, options)) if isinstance(options, list) else str(options)


def _of_data(role: str, data: Mapping[str, Any]) -> str:
    """Return what a dataset holds and what was odd in it."""
    odd = ", ".join(f"{count} {kind}" for kind, count in data.get("oddities", {}).items())
    held = f"{data['images']} images, {data['instances']} boxes"
    return f"{role}: {data['name']} ({data['split']}), {held}" + (f"; {odd}" if odd else "")
