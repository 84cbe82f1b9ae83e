"""The texts of a new suite and card: YAML with comments for those who will change it."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from forgetbench.data.dataset import Dataset
from forgetbench.data.load import LoadedData
from forgetbench.suite.data_section import Data

#: Columns that a line may have.
_WIDTH = 118


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
        spec: How the data are read; its path is absolute or relative to the card.
        data: What was found.
    """
    given = spec.model_dump(mode="json", exclude_defaults=True)
    if spec.split is not None:
        given["split"] = spec.split.model_dump()
    section = _section({key: (value, "") for key, value in given.items()})
    # Of several parts taken together the card would have to say each one's number.
    counts = {} if any("+" in split for split in data.listed) else data.listed
    return f"""# What is known of these data. `forgetbench data check {name}.card.yaml` compares them with it.
{_entry("name", name)}
{_entry("title", name, "a line for people")}
{_entry("source", None, "a page to read about the data, if there is one")}
{_entry("licence", "not stated", "may others use your results, your weights, your images?")}

# How they are read; docs/suites.md lists all keys. A relative path is looked for beside this file, then under
# FORGETBENCH_DATA; an absolute one ties this file to one machine.
data:
{section}

{_entry("classes", list(data.evaluate.classes))}
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
        "imgsz": (320, "(*) 640, what official weights were trained at"),
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

{_entry("model", model, "`forgetbench layers` lists a model's modules")}

{_entry("target", {"card": name})}
# What the model was pretrained on. (*) coco-val2017, 5,000 images: a subset shows whole points of forgetting, no more.
{_entry("reference", {"card": reference})}

# What is frozen, or the index of the first trainable module. Deeper gains more and forgets more.
freeze_points: [all-but-head, backbone, none]
# head: the copied original head on the adapted trunk, the honest test of what is forgotten.
# freeze-point: the original's modules from the freeze point on, the null control: zero by construction.
# all: these and every module between, to see what each is worth (`forgetbench price`); takes longer to score.
attach_points: [head, freeze-point]
{_entry("seeds", [0], "(*) [0, 1, 2]: one seed says nothing of how much results vary")}

train:
{_section(train_entries)}

# How much is forgotten depends on optimizer and rate at least as much as on the freeze point. This trains every freeze
# point under each setting, compares them at equal gain, and takes as many times as long as there are settings:
# vary: [{{optimizer: AdamW, lr0: 0.001}}, {{optimizer: SGD, lr0: 0.01}}]

evaluation:
  {_entry("every", every, "epochs between scored checkpoints; the last is always scored")}
"""


def _train_of(data: LoadedData) -> Dataset:
    assert data.train is not None  # a target's
    return data.train


class _Dumper(yaml.SafeDumper):
    """Writes YAML that the loader of suites and cards reads back unchanged."""


def _represent_text(dumper: _Dumper, text: str) -> yaml.ScalarNode:
    # The loader takes 1e5 for a number, which PyYAML would not quote; what does not print is escaped.
    quoted = not text.isprintable() or text[:1] in "+-.0123456789"
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style='"' if quoted else None)


_Dumper.add_representer(str, _represent_text)


def _flow(value: Any) -> str:
    """Return a value on one line."""
    listed = yaml.dump(
        [value], Dumper=_Dumper, default_flow_style=True, sort_keys=False, allow_unicode=True, width=math.inf
    )
    return str(listed).strip()[1:-1]


def _entry(key: str, value: Any, comment: str = "") -> str:
    """Return `key: value` with its comment; a long list goes on in further lines, indented."""
    if not isinstance(value, list):
        text = f"{key}: {_flow(value)}"
        return f"{text:<23} # {comment}" if comment else text
    lines = [f"{key}: ["]
    for position, item in enumerate(value, start=1):
        piece = _flow(item) + (", " if position < len(value) else "]")
        if len(lines[-1]) + len(piece) > _WIDTH:
            lines.append("  ")
        lines[-1] += piece
    lines[-1] = f"{lines[-1]:<23} # {comment}" if comment else lines[-1]
    return "\n".join(line.rstrip() for line in lines)


def _section(entries: Mapping[str, tuple[Any, str]]) -> str:
    """Return the indented lines of a section from values and comments by key."""
    return textwrap.indent("\n".join(_entry(key, *entry) for key, entry in entries.items()), "  ")
