"""Which share of a run's jobs a command does: as it is told, or as the system says that began it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from forgetbench.errors import InputError

AUTO = "auto"
_SHARE = re.compile(r"([0-9]{1,6})/([0-9]{1,6})")
#: Variables in which systems say which of how many a command is, counted from 0: name, number, how many.
_SYSTEMS = (
    ("a Slurm step of several tasks", "SLURM_PROCID", "SLURM_NTASKS"),
    ("a SkyPilot task", "SKYPILOT_NODE_RANK", "SKYPILOT_NUM_NODES"),
)


@dataclass(frozen=True)
class Shard:
    """The `number`-th (from 1) of `count` shares of a run."""

    number: int
    count: int

    def __str__(self) -> str:
        return f"{self.number}/{self.count}"

    @property
    def place(self) -> str:
        """The name of its folder among those of jobs."""
        return f"shard-{self.number}-of-{self.count}"


def parse_shard(text: str, environment: Mapping[str, str]) -> Shard:
    """Return the shard that a text such as `2/8` names, or the environment where the text is `auto`.

    Raises:
        InputError: it names none, or the environment does not say.
    """
    if text.strip() == AUTO:
        return _from(environment)
    named = _SHARE.fullmatch(text.strip())
    if named is not None and 1 <= int(named[1]) <= int(named[2]):
        return Shard(int(named[1]), int(named[2]))
    raise InputError(
        "no such shard",
        where="--shard",
        expected="the number of this one and of all, such as 1/8 for the first of eight and 8/8 for the last, or auto",
        found=text,
    )


def _from(environment: Mapping[str, str]) -> Shard:
    if "SLURM_ARRAY_TASK_ID" in environment:
        return _from_array(environment)
    for _, number, count in _SYSTEMS:
        if environment.get(count, "1") != "1":
            return _checked(_number(environment, number) + 1, _number(environment, count), f"{number} and {count}")
    raise InputError(
        "nothing says which shard this is",
        where="--shard auto",
        expected=f"a task of a Slurm array, {' or '.join(system for system, *_ in _SYSTEMS)}",
        fix="Say it, such as --shard 2/8.",
    )


def _from_array(environment: Mapping[str, str]) -> Shard:
    """Return the shard of a task of a Slurm array, whose ids may begin and step as they like, but leave none out."""
    task, first, last, count = (
        _number(environment, f"SLURM_ARRAY_TASK_{name}") for name in ("ID", "MIN", "MAX", "COUNT")
    )
    step = (last - first) // (count - 1) if count > 1 else 1
    if step < 1 or (task - first) % step or first + step * (count - 1) != last:
        raise InputError(
            "the ids of this Slurm array are not evenly spaced, so they do not say which share is whose",
            where="--shard auto",
            found=f"task {task} of {count} from {first} to {last}",
            fix="Say it, such as --shard 2/8; tasks begun again need the shares that they had.",
        )
    return _checked((task - first) // step + 1, count, "SLURM_ARRAY_TASK_ID and its like")


def _checked(number: int, count: int, named: str) -> Shard:
    if not 1 <= number <= count:
        raise InputError("no such shard", where=f"--shard auto, {named}", expected=f"1 to {count}", found=number)
    return Shard(number, count)


def _number(environment: Mapping[str, str], name: str) -> int:
    text = environment.get(name, "")
    if not (text.isascii() and text.isdecimal() and len(text) <= 9):
        raise InputError("not a number", where=f"--shard auto, {name}", found=text or "nothing")
    return int(text)
