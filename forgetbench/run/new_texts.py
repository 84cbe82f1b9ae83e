"""The texts of a new suite and card: YAML with comments for those who will change it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from forgetbench.data.dataset import Dataset
from forgetbench.data.load import LoadedData
from forgetbench.suite.data_section import Data


@dataclass(frozen=True)
class Settings:
    """Training settings chosen for the size of the data."""

    epochs: int
    batch: int
    nbs: int


def card_text(name: str, spec: Data, data: LoadedData) -> str:
    """Return a card for data of one's own.

    Args:
        name: The card's name.
        spec: How the data are read.
        data: What was found.
    """
    train, evaluate = _train_of(data), data.evaluate
    counts = (
        {"all": len(train.samples) + len(evaluate.samples)}
        if spec.split is not None
        else {part.split: len(part.samples) for part in (train, evaluate)}
    )
    given = spec.model_dump(mode="json", exclude_defaults=True)
    section = _section({key: (value, "") for key, value in given.items()})
    return f"""# What is known of these data. `forgetbench data check {name}.card.yaml` compares them with it.
{_entry("name", name)}
{_entry("title", name, "a line for people")}
{_entry("source", None, "a page to read about the data, if there is one")}
{_entry("licence", "not stated", "may others use your results, your weights, your images?")}

# How they are read; docs/suites.md lists all keys. An absolute path ties this file to one machine: a path relative to
# this file, or a folder under FORGETBENCH_DATA, does not.
data:
{section}

{_entry("classes", list(evaluate.classes))}
{_entry("images", counts)}

by_hand: Data of one's own; put them where data.path says.
"""


def suite_text(name: str, data: LoadedData, model: str, reference: str, settings: Settings) -> str:
    """Return a suite for data of one's own.

    Args:
        name: The suite's name; its target is the card of the same name.
        data: What was found.
        model: The pretrained model.
        reference: Card of the reference data.
        settings: Chosen for the size of the data.
    """
    train, evaluate = _train_of(data), data.evaluate
    every = max(1, settings.epochs // 4)
    train_entries = {
        "epochs": (settings.epochs, "(*) 50 to 100"),
        "imgsz": (320, "(*) 640, what the weights were trained at"),
        "batch": (settings.batch, ""),
        "nbs": (settings.nbs, "images per optimizer step"),
        "optimizer": ("AdamW", "named, because 'auto' would pick a rate by itself and ignore lr0"),
        "lr0": (0.001, ""),
        "warmup_epochs": (1, ""),
    }
    sizes = f"{len(train.samples)} images to train on, {len(evaluate.samples)} to evaluate on"
    return f"""# {name}: {len(evaluate.classes)} classes, {sizes}.
#
#   forgetbench check {name}.yaml     what is odd in the data, the plan, time and disk; trains nothing
#   forgetbench run {name}.yaml       trains, scores, charts; the same command again goes on where it stopped
#
# The settings are those of a first look that ends in minutes on a processor. For a result to rely on, change the values
# marked (*) to those in their comments, and expect hours on a GPU.
{_entry("name", name)}
description: A first look.

{_entry("model", model, f"`forgetbench layers {model}` lists its modules")}

{_entry("target", {"card": name})}
# What the model was pretrained on. (*) coco-val2017, 5,000 images: a subset shows whole points of forgetting, no more.
{_entry("reference", {"card": reference})}

# What is frozen, or the index of the first trainable module. Deeper gains more and forgets more.
freeze_points: [all-but-head, backbone, none]
# head: the copied original head on the adapted trunk, the honest test of what is forgotten.
# freeze-point: the original's modules from the freeze point on, the null control: zero by construction.
attach_points: [head, freeze-point]
{_entry("seeds", [0], "(*) [0, 1, 2]: one seed says nothing of how much results vary")}

train:
{_section(train_entries)}

evaluation:
  {_entry("every", every, "epochs between scored checkpoints; the last is always scored")}
"""


def _train_of(data: LoadedData) -> Dataset:
    assert data.train is not None  # a target's
    return data.train


def _entry(key: str, value: Any, comment: str = "") -> str:
    """Return `key: value` with its comment; a long list goes on in the next line, indented."""
    flow = yaml.safe_dump(value, default_flow_style=True, sort_keys=False, allow_unicode=True, width=100)
    text = f"{key}: " + "\n  ".join(flow.removesuffix("...\n").rstrip().splitlines())
    return f"{text:<24}# {comment}" if comment else text


def _section(entries: Mapping[str, tuple[Any, str]]) -> str:
    """Return the indented lines of a section from values and comments by key."""
    return "\n".join(f"  {_entry(key, value, comment)}" for key, (value, comment) in entries.items())
