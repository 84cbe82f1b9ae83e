"""Strategies, found by being here.

To add one, write a module with a subclass of `Strategy` (see `base.py`); a suite then names it under an arm's
`strategy`, and `forgetbench schema` lists it. Nothing else has to change.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from typing import TYPE_CHECKING, Any

from pydantic import ConfigDict, TypeAdapter, ValidationError

from forgetbench.errors import SuiteError, brief, nearest
from forgetbench.train.strategies.base import Strategy

if TYPE_CHECKING:  # names and options are checked without PyTorch
    from forgetbench.model.parts import Parts

_STRICT = ConfigDict(strict=True)


@cache
def known_strategies() -> dict[str, type[Strategy]]:
    """Return every strategy by name: the classes in this folder's modules that have one."""
    modules = [import_module(f"{__name__}.{module.name}") for module in iter_modules(__path__)]
    classes = [kind for module in modules for kind in vars(module).values() if isinstance(kind, type)]
    named = {kind.name: kind for kind in classes if issubclass(kind, Strategy) and "name" in vars(kind)}
    return dict(sorted(named.items()))


def check_strategies(given: Mapping[str, Any], where: str) -> None:
    """Check names and options of an arm's strategies, as far as they can be without a model.

    Args:
        given: Options by strategy name, as the suite has them.
        where: The place in the suite, for errors.

    Raises:
        SuiteError: a name is unknown, or options are of another form.
    """
    for name, options in given.items():
        _checked(name, options, f"{where}.{name}")


def make_strategies(given: Mapping[str, Any], parts: Parts, where: str) -> list[Strategy]:
    """Return an arm's strategies for one model.

    Args:
        given: Options by strategy name, as the suite has them.
        parts: The model's parts.
        where: The place in the suite, for errors.

    Raises:
        SuiteError: a name is unknown, or options are of another form or do not fit the model.
    """
    return [_make(name, options, parts, f"{where}.{name}") for name, options in given.items()]


def strategies_schema() -> dict[str, Any]:
    """Return the JSON Schema of an arm's `strategy` mapping."""
    properties = {
        name: {**_adapter(kind).json_schema(), "description": (kind.__doc__ or "").splitlines()[0]}
        for name, kind in known_strategies().items()
    }
    return {"type": "object", "additionalProperties": False, "properties": properties}


def _make(name: str, options: Any, parts: Parts, where: str) -> Strategy:
    kind, checked = _checked(name, options, where)
    return kind(checked, parts, where)


def _checked(name: str, options: Any, where: str) -> tuple[type[Strategy], Any]:
    """Return a strategy's class and its options as it takes them."""
    kind = known_strategies().get(name)
    if kind is None:
        near = nearest(name, known_strategies())
        fix = f"Did you mean '{near}'?" if near else None
        raise SuiteError("unknown strategy", where=where, expected=f"one of {', '.join(known_strategies())}", fix=fix)
    try:
        return kind, _adapter(kind).validate_python(options)
    except ValidationError:
        raise SuiteError("wrong options", where=where, expected=kind.expected, found=brief(options)) from None


def _adapter(kind: type[Strategy]) -> TypeAdapter[Any]:
    return TypeAdapter(kind.options, config=_STRICT)
