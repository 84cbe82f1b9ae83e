"""Copies of modules, several times as fast as `copy.deepcopy` makes them: models are copied for every checkpoint."""

from __future__ import annotations

import copy
from collections import OrderedDict
from typing import Any, TypeVar

from torch import Size, Tensor, nn

Module = TypeVar("Module", bound=nn.Module)
#: What a copy may share, since nothing can change it.
_UNCHANGING = (int, float, str, bytes, bool, Size, type(None))
#: Most of what a module holds are these, empty: hooks that nobody has set.
_CONTAINERS = (dict, OrderedDict, set, list)


def copied(module: Module) -> Module:
    """Return what `copy.deepcopy` of a module returns: new modules and new tensors, shared as they were shared."""
    return _module(module, {})


def _module(module: Module, known: dict[int, Any]) -> Module:
    """Return the copy of a module; `known` is what has been copied, by identity, as `copy.deepcopy` keeps it."""
    if id(module) not in known:
        if hasattr(module, "__deepcopy__"):
            return copy.deepcopy(module, known)
        known[id(module)] = made = module.__class__.__new__(module.__class__)
        made.__dict__.update({name: _value(value, known) for name, value in module.__dict__.items()})
    copy_of: Module = known[id(module)]
    return copy_of


def _value(value: Any, known: dict[int, Any]) -> Any:
    if isinstance(value, _UNCHANGING):
        return value
    if type(value) is tuple and all(isinstance(inner, _UNCHANGING) for inner in value):
        return value
    if type(value) in _CONTAINERS and not value:
        return type(value)()
    if isinstance(value, nn.Module):
        return _module(value, known)
    if type(value) is Tensor and not value.requires_grad and id(value) not in known:
        known[id(value)] = value.clone()
        return known[id(value)]
    if type(value) is dict:  # of parameters, buffers or modules by name
        return {name: _value(inner, known) for name, inner in value.items()}
    return copy.deepcopy(value, known)
