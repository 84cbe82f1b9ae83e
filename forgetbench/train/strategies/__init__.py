"""Strategies, found by being here or in an installed package.

To add one, write a module with a subclass of `Strategy` (see `base.py`); a suite then names it under an arm's
`strategy`, and `forgetbench schema` lists it. Nothing else has to change. A package offers one of its own under the
entry point group `forgetbench.strategies`, by the name that suites call it.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from typing import TYPE_CHECKING, Any

from pydantic import ConfigDict, TypeAdapter, ValidationError

from forgetbench.errors import InputError, SuiteError, brief, nearest
from forgetbench.plugins import Plugin, installed_plugins
from forgetbench.train.strategies.base import Strategy

if TYPE_CHECKING:
    from forgetbench.model.parts import Parts

#: The entry point group of packages that offer strategies.
GROUP = "forgetbench.strategies"
_STRICT = ConfigDict(strict=True)


def known_strategies() -> dict[str, type[Strategy]]:
    """Return every strategy by name: forgetbench's own, and those of installed packages that can be used."""
    known = dict(_own_strategies())
    for name in installed_plugins(GROUP):
        with suppress(InputError):
            known[name] = find_strategy(name, GROUP)
    return dict(sorted(known.items()))


def find_strategy(name: str, where: str) -> type[Strategy]:
    """Return the strategy that a suite calls by a name; of installed packages only the one that offers it is imported.

    Raises:
        SuiteError: there is none, several have the name, or the package that offers it cannot be used.
    """
    own, offered = _own_strategies().get(name), installed_plugins(GROUP).get(name, ())
    if len(offered) + (own is not None) > 1:
        offering = [*(["forgetbench"] if own else []), *(plugin.distribution for plugin in offered)]
        raise SuiteError(
            f"several installed packages have a strategy called '{name}'",
            where=where,
            found=", ".join(offering),
            fix="Uninstall all but one of them.",
        )
    if own is not None:
        return own
    if offered:
        return _loaded(offered[0], where)
    known = [*_own_strategies(), *installed_plugins(GROUP)]
    near = nearest(name, known)
    fix = f"Did you mean '{near}'?" if near else None
    raise SuiteError("unknown strategy", where=where, expected=f"one of {', '.join(sorted(known))}", fix=fix)


def package_of(name: str) -> str | None:
    """Return name and version of the installed package that a strategy comes from, None for forgetbench's own."""
    offered = installed_plugins(GROUP).get(name, ())
    return offered[0].distribution if offered and name not in _own_strategies() else None


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
        name: {**_adapter(kind).json_schema(), "description": (kind.__doc__ or "").partition("\n")[0]}
        for name, kind in known_strategies().items()
    }
    return {"type": "object", "additionalProperties": False, "properties": properties}


@cache
def _own_strategies() -> Mapping[str, type[Strategy]]:
    """Return the classes in this folder's modules that have a name."""
    modules = [import_module(f"{__name__}.{module.name}") for module in iter_modules(__path__)]
    classes = [kind for module in modules for kind in vars(module).values() if isinstance(kind, type)]
    named = {kind.name: kind for kind in classes if issubclass(kind, Strategy) and "name" in vars(kind)}
    return dict(sorted(named.items()))


def _loaded(plugin: Plugin, where: str) -> type[Strategy]:
    try:
        kind = plugin.load(Strategy)
        _adapter(kind).json_schema()
        str(kind.expected)
    except InputError as error:
        raise SuiteError(error.problem, where=where, found=error.found, fix=error.fix) from error
    except Exception as error:  # what pydantic raises for a type that it does not know, or nothing where one is due
        raise SuiteError(
            f"'{plugin.name}' of the installed package {plugin.distribution} cannot be used",
            where=where,
            expected="a class with options that pydantic takes and with a text for errors in expected",
            found=brief(f"{type(error).__name__}: {error}".partition("\n")[0]),
            fix="Correct or uninstall that package.",
        ) from error
    return kind


def _make(name: str, options: Any, parts: Parts, where: str) -> Strategy:
    kind, checked = _checked(name, options, where)
    return kind(checked, parts, where)


def _checked(name: str, options: Any, where: str) -> tuple[type[Strategy], Any]:
    """Return a strategy's class and its options as it takes them."""
    kind = find_strategy(name, where)
    try:
        return kind, _adapter(kind).validate_python(options)
    except ValidationError:
        raise SuiteError("wrong options", where=where, expected=kind.expected, found=brief(options)) from None


def _adapter(kind: type[Strategy]) -> TypeAdapter[Any]:
    return TypeAdapter(kind.options, config=_STRICT)
