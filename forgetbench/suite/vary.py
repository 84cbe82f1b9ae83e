"""Settings that arms are multiplied by: every arm trains once under each, on the same trunk and batches."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import product
from math import prod
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field, create_model

from forgetbench.suite.bounds import MOST_SETTINGS
from forgetbench.suite.kinds import Section
from forgetbench.suite.train_section import BRANCH_KEYS, Train


def _several(key: str) -> Any:
    """Return the type of a varied key: the kind of value that `train` takes, or a list of them."""
    field = Train.model_fields[key]
    one: Any = Annotated[(field.annotation, *field.metadata, key)]
    return one | Annotated[list[one], Field(min_length=1, max_length=MOST_SETTINGS)] | None


if TYPE_CHECKING:
    VaryGrid = Section
else:
    VaryGrid = create_model(
        "VaryGrid",
        __base__=Section,
        __doc__="Values of training settings; where several keys have lists, every combination is a setting.",
        **{key: (_several(key), None) for key in BRANCH_KEYS},
    )

#: One grid, or several whose settings are listed one after the other.
Vary = VaryGrid | Annotated[list[VaryGrid], Field(min_length=1, max_length=MOST_SETTINGS)]


@dataclass(frozen=True)
class Setting:
    """Training settings that arms have in common.

    Attributes:
        values: Pairs of key and value, in the order of the suite.
    """

    values: tuple[tuple[str, Any], ...] = ()

    def __str__(self) -> str:
        """Return the setting as tables and charts call it, e.g. `AdamW lr0=0.001`; empty where nothing varies."""
        return " ".join(_word(key, value) for key, value in self.values)

    @property
    def slug(self) -> str:
        """The setting as part of a folder's name."""
        return re.sub(r"[ =]", "-", str(self))

    def without(self, keys: Iterable[str]) -> Setting:
        """Return the setting without some keys."""
        left_out = set(keys)
        return Setting(tuple(pair for pair in self.values if pair[0] not in left_out))


def arm_label(method: str, setting: Setting) -> str:
    """Return what people read of an arm, apart from its model and seed."""
    return f"{method}, {setting}" if setting.values else method


def arm_name(model: str, what: str, setting: Setting, seed: int) -> str:
    """Return the name of an arm, unique in a run; `what` is `freeze<index>` or the name the suite gives the arm."""
    return "-".join([model, what, *([setting.slug] if setting.values else []), f"seed{seed}"])


def settings_of(vary: Section | list[Section] | None, own: Iterable[str] = ()) -> list[Setting]:
    """Return the settings that an arm trains under, in the order of the suite; one without values if nothing varies.

    Args:
        vary: What the suite says.
        own: Keys that the arm sets itself; they do not vary for it.
    """
    grids = [] if vary is None else vary if isinstance(vary, list) else [vary]
    listed = [setting for grid in grids for setting in _combinations(grid.model_dump(exclude_none=True))]
    return list(dict.fromkeys(setting.without(own) for setting in listed or [Setting()]))


def number_of_settings(vary: Section | list[Section] | None) -> int:
    """Return how many settings a suite lists, without making them; one where nothing varies."""
    grids = [] if vary is None else vary if isinstance(vary, list) else [vary]
    values = [grid.model_dump(exclude_none=True).values() for grid in grids]
    return sum(prod(len(value) if isinstance(value, list) else 1 for value in grid) for grid in values) or 1


def trained_under(train: Train, setting: Setting, own: Mapping[str, Any] | None = None) -> Train:
    """Return an arm's training settings: the suite's, over them the setting's, over these its own."""
    return train.model_copy(update={**dict(setting.values), **(own or {})})


def branch_settings(train: Train) -> dict[str, Any]:
    """Return what a branch may have otherwise than others of its session, defaults filled in."""
    return {**{key: getattr(train, key) for key in BRANCH_KEYS}, "warmup_bias_lr": train.bias_rate}


def repeated_setting(vary: Section | list[Section]) -> Setting | None:
    """Return the first setting that is listed twice, None if each is listed once."""
    listed: set[Setting] = set()
    for grid in vary if isinstance(vary, list) else [vary]:
        for setting in _combinations(grid.model_dump(exclude_none=True)):
            if setting in listed:
                return setting
            listed.add(setting)
    return None


def _combinations(grid: Mapping[str, Any]) -> Iterable[Setting]:
    columns = [value if isinstance(value, list) else [value] for value in grid.values()]
    for values in product(*columns):
        yield Setting(tuple(zip(grid, values, strict=True)))


def _word(key: str, value: Any) -> str:
    if key == "optimizer":
        return str(value)
    return f"{key}={'default' if value is None else str(value).lower().removesuffix('.0')}"
