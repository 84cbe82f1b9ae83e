"""Reading tensors out of a pickled checkpoint without running anything it names.

A PyTorch checkpoint of an Ultralytics model is a pickle of live objects. Here every class it names is replaced by an
inert stand-in that only keeps what it is given, so that nothing of the file, of Ultralytics or of NumPy is executed;
names outside the families that detection checkpoints use are refused before anything is read.
"""

from __future__ import annotations

import itertools
import pickletools
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch

from forgetbench.errors import WeightsError
from forgetbench.model.recognise_weights import damaged, foreign_names, not_a_checkpoint

#: Names in official detection checkpoints, in the package's present and former layouts, and what people's own trainings
#: add: losses, wrappers for several GPUs, settings, and numbers among the metrics. All are replaced, none is looked up.
ALLOWED_NAMES = re.compile(
    r"torch\.nn\.(modules(\.\w+)+|functional\.\w+|parallel(\.\w+)+)"
    r"|torch\._C\._nn\.\w+"
    r"|torch\.(optim(\.\w+)+|torch_version\.TorchVersion|(cuda\.)?amp\.grad_scaler\.\w+)"
    r"|torch\.distributed\.algorithms\.join\.\w+"
    r"|ultralytics\.nn\.(tasks|distill_model|modules(\.(activation|block|conv|head|transformer|utils))?)\.([A-Z]\w*|v10\w+)"
    r"|ultralytics\.yolo\.utils\.modeling\.(tasks|modules)\.\w+"
    r"|ultralytics\.(yolo\.)?utils\.((loss|tal|torch_utils|metrics)\.)?([A-Z]\w*|v\d\w*Loss|v10DetectLoss)"
    r"|ultralytics\.yolo\.(v8\.\w+\.\w+|engine\.\w+)\.[A-Z]\w*"
    r"|ultralytics\.(models(\.\w+){1,3}|engine\.\w+)\.[A-Z]\w*"
    r"|numpy\.(ndarray|dtype|(_?core\.)?(multiarray\.(scalar|_reconstruct)|numeric\._frombuffer)|dtypes\.\w+DType)"
    r"|numpy\.(float|int|uint|bool_?|str_)\d*"
    r"|pathlib\.(_local\.)?(Pure)?(Posix|Windows)?Path"
    r"|(builtins|__builtin__)\.(getattr|slice|range|dict|list|tuple|int|float|str|bool|object|frozenset|bytes)"
    r"|collections\.(defaultdict|deque)|datetime\.(datetime|date|timedelta|timezone)"
    r"|types\.SimpleNamespace|argparse\.Namespace|omegaconf\.\w+\.\w+|typing\.Any",
    re.ASCII,
)
#: Classes that hold a whole model, and where. Inside is what training would have saved.
WRAPPERS = {
    "DistributedDataParallel": "module",
    "DataParallel": "module",
    "OptimizedModule": "_orig_mod",
    "YOLO": "model",
    "ModelEMA": "ema",
}
#: Modules of the deepest and largest models are far fewer; a file may name one module again and again.
MOST_MODULES = 20_000
MOST_DEPTH = 40
#: torch.save does not compress. Archives packed anew may, but weights hardly shrink.
MOST_EXPANSION = 20
_MARK = -1


class Inert:
    """Stands in for any pickled object: takes any arguments, keeps its state, does nothing."""

    global_name = ""

    def __new__(cls, *_args: Any, **_kwargs: Any) -> Inert:
        """Ignore the arguments that the pickled object would have been made from."""
        return super().__new__(cls)

    def __init__(self, *_args: Any, **_kwargs: Any) -> None:
        pass

    def __repr__(self) -> str:
        return f"an object of {self.global_name}"

    def __setstate__(self, state: Any) -> None:
        """Keep attributes; state of any other form (a NumPy dtype's) is of no use here."""
        if isinstance(state, dict):
            self.__dict__.update(state)


def load_inert(path: Path) -> Any:
    """Return the content of a checkpoint with every object that is not a tensor or plain data made inert.

    Raises:
        WeightsError: the file is not a PyTorch checkpoint, or names something outside the allow-list.
    """
    registered = torch.serialization.get_safe_globals()
    torch.serialization.clear_safe_globals()  # Ultralytics' own loading registers live classes for the whole process
    try:
        return _load_with_stand_ins(path)
    finally:
        torch.serialization.add_safe_globals(registered)


def _load_with_stand_ins(path: Path) -> Any:
    try:
        named = torch.serialization.get_unsafe_globals_in_checkpoint(path)
    except Exception as error:  # torch raises many kinds for bytes that are no archive
        raise not_a_checkpoint(path) from error
    foreign = [name for name in named if not ALLOWED_NAMES.fullmatch(name)]
    if foreign:
        raise foreign_names(path, foreign)
    with zipfile.ZipFile(path) as archive:
        entries = archive.infolist()
        size = sum(entry.file_size for entry in entries)
        if size > MOST_EXPANSION * path.stat().st_size:
            raise WeightsError("unpacks to far more than weights do", where=path, found=f"{size} bytes")
        if any(entry.CRC for entry in entries):  # torch.load does not look at checksums
            if archive.testzip() is not None:
                raise damaged(path)
        else:  # torch.save was told to write none
            for entry in entries:
                entry.CRC = None  # type: ignore[assignment]
        pickled = [archive.read(entry) for entry in entries if entry.filename.endswith("data.pkl")]
    if max(map(_tuple_depth, pickled), default=0) > MOST_DEPTH:
        raise WeightsError("nested deeper than any checkpoint", where=path, found=f"more than {MOST_DEPTH} levels")
    stand_ins = [(type(name.rpartition(".")[2], (Inert,), {"global_name": name}), name) for name in named]
    with torch.serialization.safe_globals(stand_ins):  # type: ignore[arg-type]
        return torch.load(path, map_location="cpu", weights_only=True)


def unwrapped(model: Any) -> Any:
    """Return the model inside wrappers such as DistributedDataParallel, or what was given."""
    for _ in range(len(WRAPPERS)):
        name = WRAPPERS.get(type(model).__name__)
        if name is None or not isinstance(model, Inert):
            break
        children = getattr(model, "_modules", None)
        model = (children.get(name) if isinstance(children, dict) else None) or getattr(model, name, None)
    return model


def inert_modules(module: Any, where: object = None) -> Iterator[tuple[str, Any]]:
    """Yield an inert module and all inside it by dotted name, the module itself first by the name ''.

    Raises:
        WeightsError: a module contains itself, or there are more than a model has.
    """
    waiting = [("", module, 0)]
    for count in itertools.count():
        if not waiting:
            return
        name, node, depth = waiting.pop()
        if count > MOST_MODULES or depth > MOST_DEPTH:
            raise WeightsError(
                "a module contains itself, or more modules than a model has", where=where, found=name[:60]
            )
        yield name, node
        for key, child in _entries(node, "_modules"):
            if isinstance(child, Inert):
                waiting.append((f"{name}.{key}" if name else key, child, depth + 1))


def tensors_of(module: Any, where: object = None) -> dict[str, torch.Tensor]:
    """Return the state dict of an inert module tree: parameters and persistent buffers by dotted name.

    Raises:
        WeightsError: as `inert_modules`.
    """
    found: dict[str, torch.Tensor] = {}
    for name, node in inert_modules(module, where):
        transient = getattr(node, "_non_persistent_buffers_set", ())
        for kind in ("_parameters", "_buffers"):
            for key, value in _entries(node, kind):
                if isinstance(value, torch.Tensor) and key not in transient:
                    found[f"{name}.{key}" if name else key] = value.detach()
    return found


def _tuple_depth(code: bytes) -> int:
    """Return how deep tuples of a pickle are nested. A tuple as a key is hashed by a recursion that nothing else stops.

    The pickle's operations are read, not carried out.
    """
    deepest, stack, memo = 0, list[int](), dict[Any, int]()
    for operation, argument, _ in pickletools.genops(code):
        name, taken = operation.name, 0
        if "PUT" in name:
            memo[argument] = stack[-1]
            continue
        for before in reversed(operation.stack_before):
            if before is pickletools.stackslice:
                while stack[-1] != _MARK:
                    taken = max(taken, stack.pop())
            else:
                taken = max(taken, stack.pop())
        depth = taken + 1 if name.startswith("TUPLE") else memo[argument] if "GET" in name else 0
        deepest = max(deepest, depth)
        stack += [_MARK if name == "MARK" else depth] * len(operation.stack_after)
    return deepest


def _entries(node: Any, kind: str) -> list[tuple[str, Any]]:
    entries = getattr(node, kind, None)
    return [(key, value) for key, value in entries.items() if isinstance(key, str)] if isinstance(entries, dict) else []
