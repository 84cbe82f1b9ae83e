"""Reading YAML as data: no tags, no aliases, no repeated keys, and scalars as the YAML 1.2 core schema has them."""

from __future__ import annotations

import re
from collections.abc import Hashable, Mapping
from pathlib import Path
from typing import Any

import yaml

from forgetbench.errors import SuiteError, brief, nearest, printable, shortened
from forgetbench.files import is_there, regular_bytes

#: Bytes of the largest suite or card; PyYAML reads some hundred thousand in a second.
MOST_BYTES = 512 << 10
#: Values, keys among them, that a suite or a card may hold.
MOST_VALUES = 50_000
#: Levels that lists and mappings may hold each other; PyYAML takes time with the square of them.
MOST_DEPTH = 50
#: Keys whose values are what people call classes: texts as they are written, be they `no`, `007` or `1.0`.
_NAMING = ("names", "classes", "class_by_name")


class _DataLoader(yaml.SafeLoader):
    """A safe loader that takes plain data only.

    YAML 1.1 would read `1e-3` as text, `no` as false, `010` as eight and `1:30` as ninety; here the first is a number
    and the others are text, which the schema then refuses by name where a number or a truth value is due.
    """

    _depth = 0
    _values = 0
    yaml_implicit_resolvers = {}  # noqa: RUF012 - PyYAML's own class attribute, replaced whole

    def fetch_flow_collection_start(self, token: type[yaml.Token]) -> None:
        if self.flow_level > MOST_DEPTH:
            raise yaml.MarkedYAMLError(problem="nested too deeply to read", problem_mark=self.get_mark())
        super().fetch_flow_collection_start(token)

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        event: Any = self.peek_event()  # type: ignore[no-untyped-call]
        self._values += 1
        if self._values > MOST_VALUES:
            problem = f"more than {MOST_VALUES:,} values"
            raise yaml.MarkedYAMLError(problem=problem, problem_mark=event.start_mark)
        if self._depth > MOST_DEPTH:
            raise yaml.MarkedYAMLError(problem="nested too deeply to read", problem_mark=event.start_mark)
        refusal = None
        if isinstance(event, yaml.AliasEvent):
            refusal = (
                f"alias '*{shortened(str(event.anchor), 80)}' is refused: aliases can make a small file endlessly "
                "large; repeat the value (suites can share settings through 'extends')"
            )
        elif event.tag is not None:
            tag = shortened(event.tag.replace("tag:yaml.org,2002:", "!!"), 80)
            refusal = f"tag '{tag}' is refused: this file is data, never code"
        if refusal is not None:
            raise yaml.MarkedYAMLError(problem=refusal, problem_mark=event.start_mark)
        self._depth += 1
        try:
            return super().compose_node(parent, index)
        finally:
            self._depth -= 1

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        first_lines: dict[str | int, int] = {}
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            mark = key_node.start_mark
            if not isinstance(key, str | int) or isinstance(key, bool):
                problem = f"expected a word or a whole number as key, found {brief(key)}"
                raise yaml.MarkedYAMLError(problem=problem, problem_mark=mark)
            if key in first_lines:
                problem = f"key '{shortened(str(key), 80)}' is given twice, first in line {first_lines[key]}"
                raise yaml.MarkedYAMLError(problem=problem, problem_mark=mark)
            first_lines[key] = mark.line + 1
        made = super().construct_mapping(node, deep=deep)
        for key_node, value_node in node.value:
            if key_node.value in _NAMING and not isinstance(value_node, yaml.ScalarNode):
                made[key_node.value] = _as_written(value_node)
        return made


def _as_written(node: yaml.Node) -> Any:
    """Return what a node holds with every single value as its text."""
    if isinstance(node, yaml.SequenceNode):
        return [_as_written(part) for part in node.value]
    if isinstance(node, yaml.MappingNode):
        return {str(key.value): _as_written(part) for key, part in node.value}
    return node.value


for _tag, _pattern, _first in (
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("bool", r"true|True|TRUE|false|False|FALSE", list("tTfF")),
    ("int", r"[-+]?(0|[1-9][0-9]{0,17})", list("-+0123456789")),
    ("float", r"[-+]?([0-9]+\.[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?|[-+]?[0-9]+[eE][-+]?[0-9]+", list("-+.0123456789")),
):
    _DataLoader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(f"^(?:{_pattern})$"), _first)


def parse_yaml(text: str, where: object) -> Any:
    """Return the data one YAML document holds.

    Args:
        text: The document.
        where: What errors name as its source: a file, or a command line option.

    Raises:
        SuiteError: If it is not YAML, or holds a tag, an alias or a repeated key; says line and column.
    """
    try:
        return yaml.load(text, _DataLoader)  # noqa: S506 - a SafeLoader
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = f"{where}:{mark.line + 1}:{mark.column + 1}" if mark else where
        problem = ", ".join(filter(None, [error.context, error.problem]))
        raise SuiteError(shortened(" ".join(problem.split()), 500), where=place) from None
    except yaml.YAMLError as error:
        raise SuiteError(f"not valid YAML: {shortened(' '.join(str(error).split()), 500)}", where=where) from None
    except RecursionError:
        raise SuiteError("nested too deeply to read", where=where) from None
    except (ValueError, OverflowError) as error:  # an escape of no character, such as "\UFFFFFFFF"
        raise SuiteError(f"not valid YAML: {error}", where=where) from None


def refuse_broken_text(content: Any, where: object) -> None:
    """Refuse texts that no system can write or name a file by, half characters (`\\ud800`) and zero bytes, and depth.

    Args:
        content: What a file says; keys are looked at as well.
        where: What errors name as its source.

    Raises:
        SuiteError: there is such a text, says under which key; or values are nested too deeply.
    """
    left: list[tuple[str, Any, int]] = [("", content, 0)]
    while left:
        place, value, depth = left.pop()
        if depth > MOST_DEPTH + 1:
            raise SuiteError("nested too deeply to read", where=where)
        if isinstance(value, Mapping):
            left += [(place, key, depth) for key in value]
            left += [
                (f"{place}.{key}" if place else str(key), below, depth + 1)
                for key, below in value.items()
                if not isinstance(below, int | float | None)
            ]
        elif isinstance(value, list | tuple):
            left += [
                (f"{place}[{index}]", below, depth + 1)
                for index, below in enumerate(value)
                if not isinstance(below, int | float | None)
            ]
        elif problem := _problem_of(value):
            raise SuiteError(problem, where=f"{where}: {printable(place)}" if place else where, found=brief(value))


def _problem_of(value: Any) -> str | None:
    if not isinstance(value, str) or value.isprintable():
        return None
    if "\0" in value:
        return "text holds a zero byte"
    return "text holds half a character" if any("\ud800" <= c <= "\udfff" for c in value) else None


def read_mapping(path: Path, kind: str = "suite") -> dict[str, Any]:
    """Return the mapping a YAML file holds.

    Args:
        path: The file.
        kind: What errors call it.

    Raises:
        SuiteError: If the file is missing, unreadable, not YAML, or holds something other than a mapping.
    """
    if not is_there(path):
        siblings = (
            (file.name for file in path.parent.glob("*.yaml") if file.name != path.name) if path.parent.is_dir() else ()
        )
        near = nearest(path.name, siblings)
        hint = f"Did you mean '{path.with_name(near)}'?" if near else None
        raise SuiteError(f"no such {kind} file", where=path, fix=hint)
    try:
        text = regular_bytes(path, MOST_BYTES).decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise SuiteError(f"the {kind} file cannot be read: {reason}", where=path) from None
    content = parse_yaml(text, path)
    refuse_broken_text(content, path)
    if not isinstance(content, dict):
        found = "an empty file" if content is None else f"a {type(content).__name__}"
        raise SuiteError(f"not a {kind}", where=path, expected="a mapping of keys to values", found=found)
    return content
