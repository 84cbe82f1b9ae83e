"""The classes that a user keeps: names of the reference's classes, looked up among those that a model knows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from forgetbench.errors import InputError, brief, nearest


def kept_labels(keep: Iterable[str], classes: Sequence[str], *, where: str = "keep") -> list[int]:
    """Return the indices of the classes that are kept, in the order of the model's classes.

    Args:
        keep: Their names.
        classes: Those of the model's head, which the reference is scored by.
        where: What an error names as the place of the names.

    Raises:
        InputError: the model knows no class of such a name.
    """
    names, known = [*keep], {*classes}
    unknown = next((name for name in names if name not in known), None)
    if unknown is not None:
        near = nearest(unknown, classes)
        few = f"some of {', '.join(classes[:5])}, …" if len(classes) > 5 else f"some of {', '.join(classes)}"
        raise InputError(
            "no such class of the reference",
            where=where,
            expected=few,
            found=f"{brief(unknown)}, did you mean '{near}'?" if near else brief(unknown),
        )
    return [label for label, name in enumerate(classes) if name in names]
