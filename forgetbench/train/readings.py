"""Values that are computed step by step and read together, so that the host does not wait for a GPU at each of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

#: Most notes that are kept unread: each holds a few hundred bytes on the device.
MOST_NOTES = 4096
#: What takes the numbers of a note.
Use = Callable[[list[float]], None]


class Readings:
    """Scalars on a device, noted in turn and read at once."""

    def __init__(self) -> None:
        self._notes: list[tuple[Tensor | None, Use]] = []

    def note(self, values: Sequence[Tensor], use: Use) -> None:
        """Keep scalars as they are now; `use` gets them as numbers once they are read."""
        self._notes.append((_together(values) if values else None, use))
        if len(self._notes) >= MOST_NOTES:
            self.read()

    def read(self) -> None:
        """Read all that was noted, waiting for the device once, and hand it on in the order in which it was noted."""
        notes, self._notes = self._notes, []
        known = [values for values, _ in notes if values is not None]
        numbers: list[float] = torch.cat(known).tolist() if known else []
        start = 0
        for values, use in notes:
            count = 0 if values is None else len(values)
            use(numbers[start : start + count])
            start += count


@torch.no_grad()
def _together(values: Sequence[Tensor]) -> Tensor:
    """Return copies of scalars as one tensor, where the first of them is; a strategy may give one of another form."""
    where = values[0].device
    alike = [value if value.dim() == 0 and value.device == where else value.reshape(()).to(where) for value in values]
    return torch.stack(alike)
