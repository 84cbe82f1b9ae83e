"""Class names that come with weights, in the order of a detection head's outputs."""

from __future__ import annotations

import re
from collections.abc import Mapping

from forgetbench.data.reading.class_list import is_name
from forgetbench.errors import WeightsError, brief
from forgetbench.model.file_kinds import USE_DETECTION

_RENAME = "Open the model with Ultralytics, set names in its 'model' to a list of texts, and save it again."


def head_class_names(names: object, count: object, where: object) -> tuple[str, ...]:
    """Return class names in the order of a head's outputs.

    Args:
        names: A sequence, or a mapping from the output's index; a mapping that went through JSON has text for indices.
        count: Number of outputs; None where only the names tell.
        where: Name of the file, for errors.

    Raises:
        WeightsError: indices are not 0 to n - 1 each once, a name is empty or no text, or there are more or fewer names
            than outputs.
    """
    if isinstance(names, Mapping):
        by_index = {_index(key): name for key, name in names.items()}
        if len(by_index) != len(names) or by_index.keys() != set(range(len(names))):
            raise WeightsError(
                "class indices are not consecutive",
                where=f"{where}: names",
                expected=f"0 to {len(names) - 1}, each once",
                found=brief(list(names)),
                fix=_RENAME,
            )
        listed = [by_index[index] for index in range(len(names))]
    elif isinstance(names, list | tuple):
        listed = list(names)
    else:
        raise WeightsError("no list of class names", where=f"{where}: names", found=brief(names), fix=_RENAME)
    if count is not None and (type(count) is not int or count < 1):
        wanted = "a whole number from 1"
        raise WeightsError(
            "not a number of classes", where=f"{where}: nc", expected=wanted, found=brief(count), fix=USE_DETECTION
        )
    if not listed or len(listed) != (count or len(listed)):
        wanted = f"a name for each of {count} outputs" if count else "a name for each output"
        raise WeightsError(
            "class names do not fit the head",
            where=f"{where}: names",
            expected=wanted,
            found=f"{len(listed)} names" if listed else "none",
            fix=_RENAME,
        )
    for index, name in enumerate(listed):
        if not is_name(name):
            found = f"{brief(name)} at {index}"
            raise WeightsError("not a class name", where=f"{where}: names", found=found, fix=_RENAME)
    return tuple(str(name) for name in listed)


def _index(key: object) -> int | None:
    if isinstance(key, str) and re.fullmatch(r"\d{1,6}(\.0*)?", key.strip(), re.ASCII):
        return int(float(key))
    whole = type(key) is int or (isinstance(key, float) and key.is_integer())
    return int(key) if whole else None  # type: ignore[call-overload]
