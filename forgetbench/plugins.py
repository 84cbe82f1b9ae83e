"""What other installed packages add, found by entry points: named without importing anything, imported when used."""

from __future__ import annotations

from importlib.metadata import EntryPoint, entry_points
from typing import TypeVar

from forgetbench.errors import InputError

Kind = TypeVar("Kind")


def plugin_names(group: str) -> tuple[str, ...]:
    """Return the names that installed packages registered in a group of entry points, sorted; nothing is imported."""
    return tuple(sorted({point.name for point in entry_points(group=group)}))


def load_plugin(group: str, name: str, kind: type[Kind]) -> Kind:
    """Import what an installed package registered under a name.

    Args:
        group: The group of entry points.
        name: One of `plugin_names`.
        kind: What the package has to give.

    Raises:
        InputError: no package or two registered the name, importing fails, or what is there is of another kind.
    """
    found = _registered(group, name)
    if not found:
        raise InputError("no installed package brings this", where=_where(group, name))
    first, *others = found
    if others:
        suppliers = " and ".join(sorted(map(_supplier, (first, *others))))
        raise InputError(
            "two installed packages use one name", where=_where(group, name), found=suppliers, fix="Uninstall one."
        )
    try:
        loaded = first.load()
    except Exception as error:  # whatever a stranger's module does when it is imported
        raise broken_plugin(group, name, f"{type(error).__name__}: {error}") from error
    if not isinstance(loaded, kind):
        raise broken_plugin(group, name, f"'{first.value}' is {type(loaded).__name__}, not {kind.__name__}")
    return loaded


def broken_plugin(group: str, name: str, found: str) -> InputError:
    """Return the error for a package whose entry cannot be used; it names the package and its version."""
    return InputError(
        "cannot be used",
        where=f"{_where(group, name)} from {supplier(group, name)}",
        found=found,
        fix="Repair, update or uninstall that package.",
    )


def supplier(group: str, name: str) -> str:
    """Return the installed package that registered a name, with its version: `kitti-reader 1.2`."""
    return _supplier(_registered(group, name)[0])


def _registered(group: str, name: str) -> list[EntryPoint]:
    # A package that lies twice on the path counts once, as it is imported.
    found = {_supplier(point).partition(" ")[0]: point for point in reversed([*entry_points(group=group, name=name)])}
    return list(found.values())


def _supplier(point: EntryPoint) -> str:
    return f"{point.dist.name} {point.dist.version}" if point.dist is not None else point.value


def _where(group: str, name: str) -> str:
    return f"'{name}' of {group}"
