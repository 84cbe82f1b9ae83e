"""Names of freeze points and attach points: what they mean for a model whose head and neck indices are known."""

from __future__ import annotations

import re
from collections.abc import Sequence

from forgetbench.errors import SuiteError, brief, nearest
from forgetbench.suite.bounds import MOST_MODULES

FREEZE_WORDS = "a module index of 0 or more, none, first-N, backbone or all-but-head"
ATTACH_WORDS = "a module index of 0 or more, head or freeze-point"
#: All attach points of a model.
ALL = "all"
LISTED_WORDS = f"{ATTACH_WORDS}, or all alone"
FREEZE_PATTERN = r"none|backbone|all-but-head|first-[1-9][0-9]{0,2}"
ATTACH_PATTERN = r"head|freeze-point"
LISTED_PATTERN = rf"{ATTACH_PATTERN}|{ALL}"


def freeze_point_problem(point: int | str) -> str | None:
    """Return what no model could make right about a freeze point, or None."""
    return _problem(
        point, "freeze point", FREEZE_PATTERN, FREEZE_WORDS, ("none", "backbone", "all-but-head", "first-4")
    )


def attach_point_problem(point: int | str) -> str | None:
    """Return what no model could make right about an attach point, or None."""
    return _problem(point, "attach point", ATTACH_PATTERN, ATTACH_WORDS, ("head", "freeze-point"))


def listed_attach_point_problem(point: int | str) -> str | None:
    """Return what no model could make right about an entry of a suite's attach points, or None."""
    return _problem(point, "attach point", LISTED_PATTERN, LISTED_WORDS, ("head", "freeze-point", ALL))


def resolve_freeze_point(point: int | str, *, head: int, neck: int, where: str = "freeze_points") -> int:
    """Return the index of the first trainable module.

    Args:
        point: An index, or a name that says what is frozen: `none`, `first-N`, `backbone`, `all-but-head`.
        head: Index of the detection head.
        neck: Index of the first neck module.
        where: The place in the suite, for errors.

    Raises:
        SuiteError: If the name is unknown or the index lies beyond the head.
    """
    problem = freeze_point_problem(point)
    if problem is not None:
        raise SuiteError(problem, where=where)
    named = {"none": 0, "backbone": neck, "all-but-head": head}
    if isinstance(point, int):
        index = point
    elif point in named:
        index = named[point]
    else:
        index = int(point.removeprefix("first-"))
    if index > head:
        raise SuiteError(
            f"freeze point '{point}' lies beyond the detection head",
            where=where,
            expected=f"an index from 0 to {head} (module {head} is the head)",
            found=index,
        )
    return index


def freeze_label(index: int, head: int, neck: int) -> str:
    """Return a resolved freeze point as people read it: `backbone (10)`, `first-4 (4)`, or the bare index `15`."""
    names = {neck: "backbone", head: "all-but-head", 0: "none"}
    if index in names:
        return f"{names[index]} ({index})"
    return f"first-{index} ({index})" if index < neck else str(index)


def attach_points_of(listed: Sequence[int | str], head: int) -> list[str]:
    """Return a suite's attach points as tables call them; `all` is the head, every module between, the freeze point.

    Args:
        listed: As the suite lists them.
        head: Index of the model's detection head.
    """
    points = ["head", *range(head - 1, 0, -1), "freeze-point"] if ALL in listed else listed
    return [str(point) for point in points]


def resolve_attach_point(point: int | str, *, freeze_point: int, head: int) -> int:
    """Return the index from which the COCO path runs original modules, between the freeze point and the head.

    Modules below the freeze point are the original's own, so an index below it means the same as the freeze point.

    Args:
        point: As a suite has it, or as tables call it.
        freeze_point: Index of the first module that trains.
        head: Index of the detection head.

    Raises:
        SuiteError: If the name is unknown or the index lies beyond the head.
    """
    if isinstance(point, str) and point.isdecimal():
        point = int(point)
    problem = attach_point_problem(point)
    if problem is not None:
        raise SuiteError(problem, where="attach_points")
    if point == "head":
        return head
    if isinstance(point, str):
        return freeze_point
    if point > head:
        raise SuiteError(
            f"attach point {point} lies beyond the detection head",
            where="attach_points",
            expected=f"an index from 0 to {head} (module {head} is the head)",
            found=point,
        )
    return max(point, freeze_point)


def _problem(point: int | str, kind: str, pattern: str, words: str, names: tuple[str, ...]) -> str | None:
    if isinstance(point, int):
        if 0 <= point < MOST_MODULES:
            return None
        return f"{kind} {brief(point)} is {'negative' if point < 0 else 'beyond any model'}; expected {words}"
    if re.fullmatch(pattern, point):
        return None
    near = nearest(point, names)
    return f"unknown {kind} {brief(point)}; expected {words}" + (f", did you mean '{near}'?" if near else "")
