"""Reading a suite: a YAML file, the files it extends, and what the command line sets on top."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from forgetbench.errors import SuiteError, brief, printable, shortened
from forgetbench.suite.data_section import RECORDED, keys_of
from forgetbench.suite.explain import KeyPath, Keys, dotted, has_item
from forgetbench.suite.schema import Suite, accept_model_alias
from forgetbench.suite.shipped import find_suite, shipped_suites
from forgetbench.suite.yamlfile import MOST_DEPTH, parse_yaml, read_mapping, refuse_broken_text

#: Of the number of an item in a list.
_MOST_DIGITS = 9


@dataclass(frozen=True)
class LoadedSuite:
    """A suite and where it came from.

    Attributes:
        suite: The checked suite, with everything it extends and every override in place.
        path: The file that was asked for, by its path or by its name.
        sources: Every file read: the one asked for, then the ones it extends, nearest first.
        by_name: Whether it comes with forgetbench and was asked for by its name alone.
    """

    suite: Suite
    path: Path
    sources: tuple[Path, ...]
    by_name: bool = False

    @property
    def folder(self) -> Path:
        """Folder of the suite, absolute: relative data paths are looked for here first.

        One that comes with forgetbench and was asked for by its name has nothing beside it: the current folder.
        """
        return Path.cwd() if self.by_name else self.path.parent.absolute()


@dataclass(frozen=True)
class _Layer:
    """What one file or one `--set` says, before it is merged."""

    where: str
    content: dict[str, Any]


def load_suite(path: Path, overrides: Sequence[str] = ()) -> LoadedSuite:
    """Read and check a suite file.

    Args:
        path: YAML file, or the name of a suite (see `find_suite`). Its `extends` names another, relative to it:
            mappings merge, lists and single values replace.
        overrides: `key=value` texts as `--set` takes them, e.g. `train.epochs=2` or `seeds=[0,1]`; values are YAML.

    Raises:
        SuiteError: If a file cannot be read, an override does not parse or a value does not fit the schema.
    """
    found = find_suite(path)
    layers, sources = _read_chain(found)
    by_name = found == shipped_suites().get(str(path))
    return LoadedSuite(_overridden(layers, overrides, str(found)), found, tuple(sources), by_name)


def suite_from_mapping(mapping: Mapping[str, Any], where: str = "<suite>", overrides: Sequence[str] = ()) -> Suite:
    """Check a suite that is already in memory.

    Args:
        mapping: The suite's keys and values; `extends` belongs to files and is not taken here.
        where: What errors name as its source.
        overrides: As `load_suite` takes them.

    Raises:
        SuiteError: If an override does not parse or a value does not fit the schema.
    """
    return _overridden([_layer(where, mapping)], overrides, where)


def recorded_suite(mapping: Mapping[str, Any], where: str = "<suite>") -> Suite:
    """Check a suite that a run recorded: the formats of its data may be those of packages that are not here.

    Raises:
        SuiteError: If a value does not fit the schema.
    """
    layer = _layer(where, mapping)
    return _validate(layer.content, [layer], where, {RECORDED: True})


def _overridden(layers: list[_Layer], overrides: Sequence[str], where: str) -> Suite:
    merged: dict[str, Any] = {}
    for layer in layers:
        merged = _merge(merged, layer.content)
    for text in overrides:
        layer = _override(text, merged)
        layers.append(layer)
        merged = _merge(merged, layer.content)
    return _validate(merged, layers, where)


def _keys(content: Mapping[str, Any]) -> Keys:
    return keys_of(Suite, content.get("target"), content.get("reference"))


def _validate(
    merged: Mapping[str, Any], layers: Sequence[_Layer], where: str, context: dict[str, Any] | None = None
) -> Suite:
    def source(path: KeyPath) -> str:
        if not path:
            return where
        return next((layer.where for layer in reversed(layers) if _holds(layer.content, path)), where)

    try:
        return Suite.model_validate(merged, context=context)
    except ValidationError as error:
        raise _keys(merged).error(error, merged, source) from None


def _read_chain(path: Path) -> tuple[list[_Layer], list[Path]]:
    """Return what the files say, the most basic first, and the files in the order they were read."""
    layers: list[_Layer] = []
    sources: list[Path] = []
    following: Path | None = path
    while following is not None:
        current, following = following, None
        if any(current.resolve() == seen.resolve() for seen in sources):
            circle = " -> ".join(str(file) for file in [*sources, current])
            raise SuiteError(f"'extends' goes in a circle: {circle}", where=sources[-1])
        content = read_mapping(current)
        sources.append(current)
        if "extends" in content:
            named = content.pop("extends")
            if not isinstance(named, str) or not named:
                expected = "the path or name of a suite"
                raise SuiteError("not a file name", where=f"{current}: extends", expected=expected, found=named)
            following = find_suite(Path(named), beside=current)
        layers.insert(0, _layer(str(current), content))
    return layers, sources


def _layer(where: str, content: Mapping[str, Any]) -> _Layer:
    refuse_broken_text(content, where)
    try:
        return _Layer(where, accept_model_alias(content))
    except ValueError as error:
        raise SuiteError(str(error), where=where) from None


def _override(text: str, merged: Mapping[str, Any]) -> _Layer:
    """Return a `key=value` text as a layer; a list index in the key needs the list as it stands so far."""
    where = f"--set {printable(text) if len(text) <= 200 else brief(text)}"
    key, equals, value = text.partition("=")
    parts = key.strip().split(".")
    if not equals or not all(parts):
        raise SuiteError("not an assignment", where=where, expected="key=value, e.g. train.epochs=2")
    if len(parts) > MOST_DEPTH:
        raise SuiteError("nested too deeply to read", where=where)
    path: KeyPath = ()
    standing: Any = merged
    keys = _keys(merged)
    for part in parts:
        if isinstance(standing, list) and part.isdecimal():
            if len(part) > _MOST_DIGITS or int(part) >= len(standing):
                found = f"{len(standing)} of them"
                raise SuiteError(f"there is no {dotted(path)}[{shortened(part, 20)}]", where=where, found=found)
            path = (*path, int(part))
            standing = standing[int(part)]
            continue
        path = (*path, part)
        standing = standing.get(part) if isinstance(standing, Mapping) else None
        if path != ("model",) and not keys.is_known(path):
            raise SuiteError(keys.unknown(path) if keys.is_known(path[:-1]) else "unknown key", where=where)
    return _layer(where, _assign(merged, path, parse_yaml(value, where)))


def _assign(standing: Any, path: KeyPath, value: Any) -> Any:
    """Return the smallest content that sets one key when merged over what stands."""
    if not path:
        return value
    part, rest = path[0], path[1:]
    if isinstance(part, int):
        # lists replace as a whole when merged, so an item has to come with all it says already
        given, below = _assign(standing[part], rest, value), standing[part]
        whole = _merge(below, given) if isinstance(below, Mapping) and isinstance(given, Mapping) else given
        return [*standing[:part], whole, *standing[part + 1 :]]
    return {part: _assign(standing.get(part) if isinstance(standing, Mapping) else None, rest, value)}


def _merge(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(base)
    for key, value in over.items():
        below = merged.get(key)
        merged[key] = _merge(below, value) if isinstance(below, Mapping) and isinstance(value, Mapping) else value
    return merged


def _holds(content: Any, path: KeyPath) -> bool:
    for part in path:
        if not has_item(content, part):
            return False
        content = content[part]
    return True
