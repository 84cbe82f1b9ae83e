"""The models of a plan: opened when asked for, so that a plan without them is small and can be sent elsewhere."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from forgetbench.errors import WeightsError
from forgetbench.model.original import Original, load_original


@dataclass(frozen=True)
class _Place:
    """Where an original lies, and the hash of its weights."""

    path: Path
    weights_hash: str


class Originals(Mapping[str, Original]):
    """Originals by name, in the suite's order. A copy holds the paths of their files and opens them when asked."""

    def __init__(self) -> None:
        self._opened: dict[str, Original | _Place] = {}

    def put(self, original: Original) -> None:
        """Add an original, in place of what had its name."""
        self._opened[original.name] = original

    def paths(self) -> list[Path]:
        """Return the files of those whose weights are in one."""
        return [known.path for known in self._opened.values() if known.path is not None]

    def __getitem__(self, name: str) -> Original:
        """Return an original.

        Raises:
            KeyError: none has this name.
            WeightsError: its file is not there any more, or other weights are in it.
        """
        known = self._opened[name]
        if isinstance(known, _Place):
            opened = replace(load_original(known.path), name=name)
            if opened.weights_hash() != known.weights_hash:
                raise WeightsError(
                    "other weights than the plan was made with",
                    where=known.path,
                    expected=f"SHA-256 {known.weights_hash[:12]}…",
                    found=f"{opened.weights_hash()[:12]}…",
                )
            self._opened[name] = known = opened
        return known

    def __iter__(self) -> Iterator[str]:
        return iter(self._opened)

    def __len__(self) -> int:
        return len(self._opened)

    def __getstate__(self) -> dict[str, Original | _Place]:
        """Return the state for a copy: paths, or the model itself where its weights are in no file."""
        return {
            name: _Place(known.path, known.weights_hash()) if isinstance(known, Original) and known.path else known
            for name, known in self._opened.items()
        }

    def __setstate__(self, state: dict[str, Original | _Place]) -> None:
        self._opened = state
