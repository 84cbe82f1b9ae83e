"""What a GPU would make the host wait for, counted on the CPU by intercepting the operations that force a wait.

Three kinds force one: an operation whose result's size depends on values (`nonzero`, a mask as an index, `unique`,
suppression); a value read on the host (`item`, `tolist`, `cpu`); and a small tensor made on the host and copied to the
device from memory that is not pinned. Copies that a run pins force none.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any, Literal

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode

import forgetbench

Kind = Literal["size", "read", "upload", "heard"]
#: By what it is for (a size, a number read, a tensor made on the host; heard: a GPU said so) and in whose code it is.
Waits = Counter[tuple[Kind, str]]

#: Operators below autograd whose result is as large as values say, or that give a value to the host.
_OPERATORS: dict[str, Kind] = {
    "aten::nonzero": "size",
    "aten::nonzero_numpy": "size",
    "aten::argwhere": "size",
    "aten::masked_select": "size",
    "aten::_unique2": "size",
    "aten::unique_dim": "size",
    "aten::unique_consecutive": "size",
    "aten::repeat_interleave": "size",
    "aten::bincount": "size",
    "torchvision::nms": "size",
    "aten::_local_scalar_dense": "read",
    "aten::item": "read",  # in inference mode, where it is not taken apart before it is seen here
    "aten::is_nonzero": "read",
    "aten::equal": "read",
    "aten::lift_fresh": "upload",
}
#: Operators that take indices, and at which position.
_INDEXED = {"aten::index", "aten::index_put", "aten::index_put_", "aten::_index_put_impl_"}
#: What moves values between host and device and shows only above autograd: on the CPU it does nothing.
_FUNCTIONS: dict[Any, Kind] = {
    Tensor.cpu: "read",
    Tensor.tolist: "read",
    Tensor.type_as: "upload",  # Ultralytics makes ranges on the host and moves them in this way
}
_OURS = str(Path(forgetbench.__file__).parent)
#: Whose code a frame of the stack is in. Step counts of the optimizer and images on their way in are on the host.
_OWNERS = (
    ("host", "/torch/optim/"),
    ("host", "/ultralytics/data/"),
    ("host", "/evaluate/letterbox.py"),
    ("forgetbench", _OURS),
    ("ultralytics", "/ultralytics/"),
)


class _Notes:
    """What was waited for, and which tensors are on the host by now."""

    def __init__(self) -> None:
        self.waits: Waits = Counter()
        self._host: list[Tensor] = []

    def wait(self, kind: Kind, of: object) -> None:
        """Count one wait for a tensor, unless it was copied to the host or is the host's by what it is for."""
        owner = owner_of(sys._getframe(1))
        if owner != "host" and not self.on_host(of):
            self.waits[kind, owner] += 1

    def on_host(self, of: object) -> bool:
        """Tell whether a tensor, or the first of several, was copied to the host or made of one that was."""
        if isinstance(of, list | tuple) and of:
            return self.on_host(of[0])
        if not isinstance(of, Tensor):
            return False
        place = of.untyped_storage().data_ptr()
        return any(place == held.untyped_storage().data_ptr() for held in self._host)

    def copied(self, tensor: Tensor) -> Tensor:
        """Return a copy that is known to be on the host."""
        copy = tensor.clone()
        self.hold(copy)
        return copy

    def hold(self, tensor: Tensor) -> None:
        """Remember that a tensor is on the host, and hold it so that nothing else comes to lie in its place."""
        self._host.append(tensor)


class _Operators(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Notes operators that force a wait."""

    def __init__(self, notes: _Notes) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._notes = notes

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        name = func.name().partition(".")[0]
        if name in _OPERATORS:
            self._notes.wait(_OPERATORS[name], args[0] if args else None)
        elif name == "aten::where" and len(args) == 1:
            self._notes.wait("size", args[0])
        elif name in _INDEXED and any(_is_mask(index) for index in args[1]):
            value = args[2] if len(args) > 2 else None
            if not (isinstance(value, Tensor) and value.numel() == 1):  # one value for all fills in place
                self._notes.wait("size", args[0])
        result = func(*args, **(kwargs or {}))
        if args and isinstance(result, Tensor) and self._notes.on_host(args[0]):
            self._notes.hold(result)
        return result


class _Functions(TorchFunctionMode):
    """Notes what moves values between host and device."""

    def __init__(self, notes: _Notes) -> None:
        super().__init__()
        self._notes = notes

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kind = _FUNCTIONS.get(func)
        # `tolist` of one value reads it by an operator, which is counted where it runs
        if kind is not None and not (func is Tensor.tolist and args[0].dim() == 0):
            self._notes.wait(kind, args[0])
        result = func(*args, **(kwargs or {}))
        return self._notes.copied(result) if func is Tensor.cpu else result


def _is_mask(index: object) -> bool:
    return isinstance(index, Tensor) and index.dtype in (torch.bool, torch.uint8)


@contextmanager
def counted() -> Iterator[Waits]:
    """Count what this thread would wait for inside the block; what the optimizer reads on the host is left out."""
    notes = _Notes()
    with _Functions(notes), _Operators(notes):
        yield notes.waits


def owner_of(frame: FrameType | None) -> str:
    """Return whose code the innermost frame is in that is one of the known owners'."""
    while frame is not None:
        file = frame.f_code.co_filename
        for owner, part in _OWNERS:
            if part in file:
                return owner
        frame = frame.f_back
    return "other"
