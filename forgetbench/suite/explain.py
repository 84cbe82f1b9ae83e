"""Saying in one line what is wrong with a suite or a card: file, key, expected, found, the nearest right name."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from typing import Any

from pydantic import BaseModel, ValidationError

from forgetbench.errors import SuiteError, brief, nearest, shortened

#: Of more problems only the first are named.
MOST_PROBLEMS = 50
KeyPath = tuple[str | int, ...]
_Node = dict[str, Any]
_NOUNS = {
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "array": "a list",
    "object": "a mapping",
}
#: What is below a mapping that may hold anything, checked elsewhere.
_ANYTHING: _Node = {"additionalProperties": True}
_LIMITS = {
    "exclusiveMinimum": "greater than",
    "minimum": "at least",
    "exclusiveMaximum": "less than",
    "maximum": "at most",
    "multipleOf": "a multiple of",
    "minLength": "of length at least",
}
#: Larger limits only stop nonsense: they are told to whom goes beyond them, and to nobody else.
_TELLING = 1024
#: How pydantic calls what goes beyond a limit, and what is counted there.
_TOO_MUCH = {"less_than_equal": "", "too_long": " items", "string_too_long": " characters"}
_LIMIT_KEYS = ("le", "max_length")
_LONGEST_LINE, _LONGEST_KEY = 1_500, 80


def dotted(path: KeyPath) -> str:
    """Return a key as users write it: `train.epochs`, `seeds[1]`."""
    text = ""
    for part in path:
        name = part if isinstance(part, int) else shortened(part, _LONGEST_KEY)
        text += f"[{name}]" if isinstance(part, int) else f".{name}" if text else str(name)
    return text


def has_item(given: Any, part: str | int) -> bool:
    """Return whether a mapping has such a key, or a list such an index."""
    if isinstance(given, list):
        return isinstance(part, int) and part < len(given)
    return isinstance(given, Mapping) and part in given


class Keys:
    """The keys that files of one kind take, asked for what belongs where and what to say of what does not.

    Args:
        model: What such a file is checked against.
        changed: Returns the model's JSON Schema with what this file may hold beside it.
    """

    def __init__(self, model: type[BaseModel], changed: Callable[[_Node], _Node] = lambda schema: schema) -> None:
        self._model, self._changed = model, changed

    def known(self, path: KeyPath) -> list[str]:
        """Return the keys the section at a path may hold; empty where it is no section."""
        return [key for node in self._nodes(path) for key in node.get("properties", {})]

    def is_known(self, path: KeyPath) -> bool:
        """Return whether the schema has such a key."""
        return bool(self._nodes(path))

    def unknown(self, path: KeyPath) -> str:
        """Return what to say of a key the schema does not have."""
        siblings = self.known(path[:-1])
        if path == ("extends",):
            return "unknown key here; 'extends' belongs into a suite file"
        if not siblings:
            return f"unknown key; '{dotted(path[:-1])}' takes a value and has no keys of its own"
        near = self._nearest(path)
        hint = f", did you mean '{near}'?" if near else ""
        return f"unknown key; expected one of {', '.join(siblings)}{hint}"

    def error(self, error: ValidationError, given: Mapping[str, Any], source: Callable[[KeyPath], str]) -> SuiteError:
        """Return a validation error as one line per problem.

        Args:
            error: What pydantic raised.
            given: The mapping it was raised for.
            source: Names the file (or option) that a key came from.
        """
        problems: dict[KeyPath, str] = {}
        missing: set[KeyPath] = set()
        found = error.errors(include_url=False)
        for detail in found[:MOST_PROBLEMS]:
            path, value = _locate(given, detail["loc"], missing=detail["type"] == "missing")
            if detail["type"] == "extra_forbidden":
                problems[path] = self.unknown(path)
            elif detail["type"] == "missing":
                missing.add(path)
                problems[path] = f"missing; expected {self._expected(path)}"
            elif detail["type"] == "value_error":
                problems[path] = shortened(str(detail["ctx"]["error"]), _LONGEST_LINE)
            elif (much := _too_much(detail, value)) is not None:
                problems[path] = much
            elif self.is_known(path):
                expected = self._expected(path)
                problems.setdefault(path, f"expected {expected}, found {_found(value)}{self._hint(path, value)}")
            else:
                problems[path] = detail["msg"]
        lines = [
            f"{_place(source(path), path)}: {text}"
            for path, text in problems.items()
            if not self._follows_from_another(path, problems, missing)
        ]
        if len(lines) == 1:
            return SuiteError(lines[0])
        more = f", and {len(found) - MOST_PROBLEMS} more" if len(found) > MOST_PROBLEMS else ""
        return SuiteError(f"{source(())}: {len(lines)} problems{more}", further=[f"  {line}" for line in lines])

    def _follows_from_another(self, path: KeyPath, problems: Mapping[KeyPath, str], missing: set[KeyPath]) -> bool:
        if path in missing:
            # A mistyped key is both unknown and missing: say it once.
            return any(
                other[:-1] == path[:-1] and text.startswith("unknown key") and self._nearest(other) == path[-1]
                for other, text in problems.items()
                if other
            )
        # Where a key takes one of several forms, the form that was tried is wrong further down: say only that.
        return any(len(other) > len(path) and other[: len(path)] == path for other in problems)

    def _nearest(self, path: KeyPath) -> str | None:
        name = str(path[-1])
        sibling = nearest(name, self.known(path[:-1]))
        if sibling is not None:
            return sibling
        elsewhere = {dotted(key): str(key[-1]) for key in self._all(())}
        leaf = name if name in elsewhere.values() else nearest(name, elsewhere.values())
        return next((key for key, last in elsewhere.items() if last == leaf), None)

    def _all(self, prefix: KeyPath) -> Iterator[KeyPath]:
        for key in self.known(prefix):
            yield (*prefix, key)
            yield from self._all((*prefix, key))

    @cached_property
    def _schema(self) -> _Node:
        return self._changed(self._model.model_json_schema())

    def _nodes(self, path: KeyPath) -> list[_Node]:
        """Return the schema's alternatives for the value at a path."""
        nodes = self._alternatives(self._schema)
        for part in path:
            if isinstance(part, int):
                below = [node["items"] for node in nodes if "items" in node]
            else:
                below = [found for node in nodes if isinstance(found := _below(node, part), dict)]
            nodes = [alternative for node in below for alternative in self._alternatives(node)]
        return nodes

    def _alternatives(self, node: _Node) -> list[_Node]:
        if "$ref" in node:
            return self._alternatives(self._schema["$defs"][node["$ref"].rsplit("/", 1)[-1]])
        if "anyOf" in node and "$comment" not in node:
            return [alternative for member in node["anyOf"] for alternative in self._alternatives(member)]
        return [] if node.get("type") == "null" else [node]

    def _expected(self, path: KeyPath) -> str:
        return " or ".join(self._phrase(node) for node in self._nodes(path))

    def _phrase(self, node: _Node) -> str:
        if "$comment" in node:
            return str(node["$comment"])
        if "enum" in node:
            return f"one of {', '.join(map(repr, node['enum']))}"
        if "const" in node:
            return repr(node["const"])
        kind = node["type"]
        if kind == "array":
            items = " or ".join(self._phrase(item) for item in self._alternatives(node["items"]))
            return f"a list of {node.get('minItems', 0)} or more items, each {items}"
        if kind == "object":
            return f"a mapping with some of {', '.join(node['properties'])}" if "properties" in node else "a mapping"
        limits = " and ".join(
            f"{words} {node[limit]}"
            for limit, words in _LIMITS.items()
            if limit in node and abs(node[limit]) <= _TELLING
        )
        return f"{_NOUNS[kind]} {limits}".rstrip()

    def _hint(self, path: KeyPath, value: Any) -> str:
        words = [
            word for node in self._nodes(path) for word in [*node.get("enum", []), *filter(None, [node.get("const")])]
        ]
        texts = [word for word in words if isinstance(word, str)]
        near = nearest(value, texts) if isinstance(value, str) else None
        return f", did you mean '{near}'?" if near else ""


def _below(node: _Node, key: str) -> Any:
    """Return what a schema says of a key: by its name, or of all keys alike where they are free to choose."""
    below = node.get("properties", {}).get(key, node.get("additionalProperties"))
    return _ANYTHING if below is True else below


def _place(file: str, path: KeyPath) -> str:
    return f"{file}: {dotted(path)}" if path else file


def _locate(given: Any, loc: KeyPath, *, missing: bool) -> tuple[KeyPath, Any]:
    """Return the path into what was given, without the parts by which pydantic tells a union's members apart."""
    path: list[str | int] = []
    for part in loc:
        if has_item(given, part):
            given = given[part]
        elif not (missing and part == loc[-1]):
            continue
        path.append(part)
    return tuple(path), given


def _found(value: Any) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Mapping):
        return "a mapping"
    return shortened(" ".join(brief(value).split()), 60)


def _too_much(detail: Any, value: Any) -> str | None:
    """Return what to say of a number, a list or a text beyond a limit that is not told otherwise."""
    if detail["type"] not in _TOO_MUCH:
        return None
    counted, limit = _TOO_MUCH[detail["type"]], next(detail["ctx"][key] for key in _LIMIT_KEYS if key in detail["ctx"])
    if not counted and limit <= _TELLING:
        return None
    found = f"{len(value):,}" if counted and isinstance(value, str | list | Mapping) else _found(value)
    return f"expected at most {limit:,}{counted}, found {found}"
