"""What installed packages add to forgetbench: what they name under an entry point group, imported when asked for."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any, TypeVar

from forgetbench.errors import InputError, brief

Kind = TypeVar("Kind")


@dataclass(frozen=True)
class Plugin:
    """Something that an installed distribution offers under a name.

    Attributes:
        name: What suites call it.
        distribution: The name and version of what it was installed with, e.g. `forgetbench-replay 1.2`.
    """

    name: str
    distribution: str
    _entry: EntryPoint

    def load(self, kind: type) -> type[Any]:
        """Import it, a class.

        Args:
            kind: What it has to be a subclass of; its attribute `name` has to be what it is offered as.

        Raises:
            InputError: importing it fails, or it is something else; the error names the distribution.
        """
        found = self._imported()
        if not isinstance(found, type) or not issubclass(found, kind):
            raise self.unusable(f"{self._entry.value} is no subclass of {kind.__module__}.{kind.__qualname__}")
        if getattr(found, "name", None) != self.name:
            raise self.unusable(f"{self._entry.value} calls itself {brief(getattr(found, 'name', None))}")
        return found

    def load_object(self, kind: type[Kind]) -> Kind:
        """Import it, an object.

        Args:
            kind: What it has to be an instance of.

        Raises:
            InputError: importing it fails, or it is something else; the error names the distribution.
        """
        found = self._imported()
        if not isinstance(found, kind):
            raise self.unusable(f"{self._entry.value} is no {kind.__module__}.{kind.__qualname__}")
        return found

    def _imported(self) -> Any:
        try:
            return self._entry.load()
        except Exception as error:  # whatever a stranger's module raises while it is imported
            reason = f"{type(error).__name__}: {error}".partition("\n")[0]
            raise self.unusable(f"importing {self._entry.value} failed: {brief(reason)}") from error

    def unusable(self, reason: str) -> InputError:
        """Return the error for a plugin that cannot be used for some reason."""
        return InputError(
            f"'{self.name}' of the installed package {self.distribution} cannot be used",
            found=reason,
            fix="Correct or uninstall that package.",
        )


def installed_plugins(group: str) -> Mapping[str, Sequence[Plugin]]:
    """Return what installed distributions offer in an entry point group by name, several where names clash.

    Nothing is imported. Distributions are looked for once for each value of `sys.path`.
    """
    return _found(group, tuple(sys.path))


def only_plugin(group: str, name: str) -> Plugin:
    """Return what is offered under a name, which has to be one thing.

    Raises:
        InputError: two distributions offer it, or none.
    """
    found = installed_plugins(group).get(name, ())
    if not found:
        raise InputError("no installed package offers this", where=f"'{name}' of {group}")
    if len(found) > 1:
        raise InputError(
            f"'{name}' is offered by several installed packages",
            found=" and ".join(sorted(plugin.distribution for plugin in found)),
            fix="Uninstall all but one.",
        )
    return found[0]


@cache
def _found(group: str, _path: tuple[str, ...]) -> Mapping[str, Sequence[Plugin]]:
    found: dict[str, list[Plugin]] = {}
    for entry in sorted(entry_points(group=group), key=lambda entry: (entry.name, entry.value)):
        package = "of unknown name" if entry.dist is None else f"{entry.dist.name} {entry.dist.version}"
        found.setdefault(entry.name, []).append(Plugin(entry.name, package, entry))
    return found
