"""What installed packages add to forgetbench: classes they name under an entry point group, imported when asked for."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from forgetbench.errors import InputError, brief


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
        """Import it.

        Args:
            kind: What it has to be a subclass of; its attribute `name` has to be what it is offered as.

        Raises:
            InputError: importing it fails, or it is something else; the error names the distribution.
        """
        try:
            found = self._entry.load()
        except Exception as error:  # whatever a stranger's module raises while it is imported
            reason = f"{type(error).__name__}: {error}".partition("\n")[0]
            raise self._unusable(f"importing {self._entry.value} failed: {brief(reason)}") from error
        if not isinstance(found, type) or not issubclass(found, kind):
            raise self._unusable(f"{self._entry.value} is no subclass of {kind.__module__}.{kind.__qualname__}")
        if getattr(found, "name", None) != self.name:
            raise self._unusable(f"{self._entry.value} calls itself {brief(getattr(found, 'name', None))}")
        return found

    def _unusable(self, reason: str) -> InputError:
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


@cache
def _found(group: str, _path: tuple[str, ...]) -> Mapping[str, Sequence[Plugin]]:
    found: dict[str, list[Plugin]] = {}
    for entry in sorted(entry_points(group=group), key=lambda entry: (entry.name, entry.value)):
        package = "of unknown name" if entry.dist is None else f"{entry.dist.name} {entry.dist.version}"
        found.setdefault(entry.name, []).append(Plugin(entry.name, package, entry))
    return found
