"""Reading tensors out of a pickled checkpoint without running anything it names.

A PyTorch checkpoint of an Ultralytics model is a pickle of live objects. Here every class it names is replaced by an
inert stand-in that only keeps what it is given, so that nothing of the file, of Ultralytics or of NumPy is executed;
names outside the families that detection checkpoints use are refused before anything is read.
"""

from __future__ import annotations

import pickle
import re
from pathlib import Path
from typing import Any

import torch

from forgetbench.errors import WeightsError

#: Modules whose classes official detection checkpoints name, in the package's present and former layouts.
ALLOWED_MODULES = re.compile(
    r"torch\.nn\.modules\.\w+"
    r"|ultralytics\.nn\.(tasks|modules)(\.\w+)?"
    r"|ultralytics\.utils\.(loss|tal)"
)
#: Single names besides: settings, numbers and paths kept among the training arguments.
ALLOWED_NAMES = frozenset(
    {
        "ultralytics.utils.IterableSimpleNamespace",
        "ultralytics.yolo.utils.IterableSimpleNamespace",
        "numpy.core.multiarray.scalar",
        "numpy._core.multiarray.scalar",
        "numpy.dtype",
        "pathlib.PosixPath",
        "pathlib.WindowsPath",
        "pathlib._local.PosixPath",
        "pathlib._local.WindowsPath",
    }
)


class Inert:
    """Stands in for any pickled object: takes any arguments, keeps its state, does nothing."""

    global_name = ""

    def __new__(cls, *_args: Any, **_kwargs: Any) -> Inert:
        """Ignore the arguments that the pickled object would have been made from."""
        return super().__new__(cls)

    def __init__(self, *_args: Any, **_kwargs: Any) -> None:
        pass

    def __setstate__(self, state: Any) -> None:
        """Keep attributes; state of any other form (a NumPy dtype's) is of no use here."""
        if isinstance(state, dict):
            self.__dict__.update(state)


def load_inert(path: Path) -> Any:
    """Return the content of a checkpoint with every object that is not a tensor or plain data made inert.

    Raises:
        WeightsError: the file is not a PyTorch checkpoint, or names something outside the allow-list.
    """
    try:
        named = torch.serialization.get_unsafe_globals_in_checkpoint(path)
    except Exception as error:  # torch raises many kinds for bytes that are no archive
        raise WeightsError(
            "not a PyTorch checkpoint", where=path, expected="a zip archive written by torch.save", found=_head(path)
        ) from error
    for name in named:
        if name not in ALLOWED_NAMES and not ALLOWED_MODULES.fullmatch(name.rpartition(".")[0]):
            raise WeightsError(
                f"refused: the file names '{name}', which no detection checkpoint needs",
                where=path,
                fix="Nothing in it was executed. Take the weights from a source you trust, or save them anew.",
            )
    stand_ins = [(type(name.rpartition(".")[2], (Inert,), {"global_name": name}), name) for name in named]
    try:
        with torch.serialization.safe_globals(stand_ins):  # type: ignore[arg-type]
            return torch.load(path, map_location="cpu", weights_only=True)
    except (pickle.UnpicklingError, RuntimeError, EOFError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise WeightsError(
            "cannot be read as a detection checkpoint", where=path, found=str(error).splitlines()[0]
        ) from error


def tensors_of(module: Any) -> dict[str, torch.Tensor]:
    """Return the state dict of an inert module tree: parameters and persistent buffers by dotted name."""
    found: dict[str, torch.Tensor] = {}

    def walk(node: Any, prefix: str) -> None:
        transient = getattr(node, "_non_persistent_buffers_set", ())
        for kind in ("_parameters", "_buffers"):
            for name, value in getattr(node, kind, {}).items():
                if isinstance(value, torch.Tensor) and name not in transient:
                    found[prefix + name] = value.detach()
        for name, child in getattr(node, "_modules", {}).items():
            if child is not None:
                walk(child, f"{prefix}{name}.")

    walk(module, "")
    return found


def _head(path: Path) -> str:
    with path.open("rb") as file:
        start = file.read(4)
    return f"a file starting with bytes {start.hex(' ')}" if start else "an empty file"
