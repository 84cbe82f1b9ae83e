"""The texts of a new suite and card: YAML with comments for those who will change it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import yaml

from forgetbench.data.dataset import Dataset
from forgetbench.data.load import LoadedData
from forgetbench.suite.schema import Data


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
    section = spec.model_dump(mode="json", exclude_defaults=True)
    return f"""# What is known of these data. `forgetbench data check {name}.card.yaml` compares them with it.
{_yaml(name=name)}
{_yaml(title=name)}           # a line for people
source: null          # a page to read about the data, if there is one
licence: not stated   # may others use your results, your weights, your images?

# How they are read; docs/suites.md lists all keys. An absolute path ties this file to one machine: a path relative to
# this file, or a folder under FORGETBENCH_DATA, does not.
data:
{_indented(section)}

{_yaml(classes=list(evaluate.classes))}
{_yaml(images=counts)}

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
    sizes = f"{len(train.samples)} images to train on, {len(evaluate.samples)} to evaluate on"
    return f"""# {name}: {len(evaluate.classes)} classes, {sizes}.
#
#   forgetbench check {name}.yaml     what is odd in the data, the plan, time and disk; trains nothing
#   forgetbench run {name}.yaml       trains, scores, charts; the same command again goes on where it stopped
#
# The settings are those of a first look that ends in minutes on a processor. For a result to rely on, change the values
# marked (*) to those in their comments, and expect hours on a GPU.
{_yaml(name=name)}
description: A first look.

{_yaml(model=model)}       # `forgetbench layers {model}` lists its modules

{_yaml(target={"card": name})}
# What the model was pretrained on. (*) coco-val2017, 5,000 images: a subset shows whole points of forgetting, no more.
{_yaml(reference={"card": reference})}

# What is frozen, or the index of the first trainable module. Deeper gains more and forgets more.
freeze_points: [all-but-head, backbone, none]
# head: the copied original head on the adapted trunk, the honest test of what is forgotten.
# freeze-point: the original's modules from the freeze point on, the null control: zero by construction.
attach_points: [head, freeze-point]
seeds: [0]                # (*) [0, 1, 2]: one seed says nothing of how much results vary

train:
  epochs: {settings.epochs}{_pad(settings.epochs)}# (*) 50 to 100
  imgsz: 320              # (*) 640, what the weights were trained at
  batch: {settings.batch}{_pad(settings.batch, 1)}
  nbs: {settings.nbs}{_pad(settings.nbs, -1)}# images per optimizer step
  optimizer: AdamW        # named, because 'auto' would pick a rate by itself and ignore lr0
  lr0: 0.001
  warmup_epochs: 1

evaluation:
  every: {every}{_pad(every)}# epochs between scored checkpoints; the last is always scored
"""


def _train_of(data: LoadedData) -> Dataset:
    assert data.train is not None  # a target's
    return data.train


def _yaml(**entry: Any) -> str:
    return yaml.safe_dump(entry, sort_keys=False, allow_unicode=True, default_flow_style=None, width=110).rstrip()


def _indented(section: dict[str, Any]) -> str:
    return "\n".join(f"  {line}" for line in _yaml(**section).splitlines())


def _pad(value: int, less: int = 0) -> str:
    """Return the blanks between a value and its comment."""
    return " " * (17 - len(str(value)) - less)
