"""YAML in which every scalar is text as it is written: `no`, `010` and `1:30` are no truth value, octal or minutes.

Read from the parser's events, so that nothing is expanded before it is known to be small: no tags, no endless aliases,
no deep nesting. Aliases and merge keys mean what they mean in YAML.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml

#: Values that a document may hold, aliases written out; a long scalar counts as several.
MOST_VALUES = 200_000
#: Collections within each other.
_DEEPEST = 40
#: Characters of a scalar that count as one value.
_CHARACTERS = 64
_LOADER = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
_MERGE = "<<"


class YamlTextError(ValueError):
    """A document is not YAML, or not plain and small enough to be read."""


@dataclass
class _Open:
    """A collection whose end has not come yet, with the number of values in it and the key waiting for its value."""

    content: Any
    anchor: str | None = None
    size: int = 1
    key: str | None = None
    merged: list[Any] = field(default_factory=list)

    def take(self, value: Any, size: int, line: int) -> None:
        self.size += size
        if self.size > MOST_VALUES:
            raise YamlTextError(f"line {line}: more than {MOST_VALUES:,} values, aliases written out")
        if isinstance(self.content, list):
            self.content.append(value)
        elif self.key is None:
            if not isinstance(value, str):
                raise YamlTextError(f"line {line}: a key is not a word")
            self.key = value
        elif self.key == _MERGE:
            self.merged += value if isinstance(value, list) else [value]
            self.key = None
        else:
            if self.content.get(self.key, value) != value:
                raise YamlTextError(f"line {line}: key '{self.key[:80]}' is given twice, with another value")
            self.content[self.key] = value
            self.key = None

    def close(self) -> Any:
        for other in self.merged:
            if isinstance(other, dict):
                self.content = {**other, **self.content}
        return self.content


def parse_text(text: str) -> Any:
    """Return a document's content: text, lists and mappings with text as keys; None for an empty document.

    Raises:
        YamlTextError: it is not YAML, holds a tag, a key given two values or more than one document, or is too large.
    """
    try:
        return _build(yaml.parse(text, Loader=_LOADER))
    except yaml.YAMLError as error:
        raise YamlTextError(" ".join(str(error).split())) from error


def _build(events: Iterator[Any]) -> Any:
    bottom = _Open([])
    stack = [bottom]
    anchors: dict[str, tuple[Any, int]] = {}
    for event in events:
        line = event.start_mark.line + 1
        if isinstance(event, yaml.DocumentStartEvent) and bottom.content:
            raise YamlTextError(f"line {line}: a second document begins; expected one")
        if getattr(event, "tag", None) is not None:
            raise YamlTextError(f"line {line}: the tag '{event.tag[:80]}' is refused: this file is data, never code")
        anchor: str = getattr(event, "anchor", None) or ""
        if isinstance(event, yaml.ScalarEvent):
            size = 1 + len(event.value) // _CHARACTERS
            stack[-1].take(event.value, size, line)
            if anchor:
                anchors[anchor] = event.value, size
        elif isinstance(event, yaml.AliasEvent):
            if anchor not in anchors:
                raise YamlTextError(f"line {line}: alias '{anchor[:80]}' names nothing whole before it")
            stack[-1].take(*anchors[anchor], line)
        elif isinstance(event, yaml.CollectionStartEvent):
            if len(stack) > _DEEPEST:
                raise YamlTextError(f"line {line}: nested too deeply")
            stack.append(_Open([] if isinstance(event, yaml.SequenceStartEvent) else {}, anchor))
        elif isinstance(event, yaml.CollectionEndEvent):
            done = stack.pop()
            value = done.close()
            stack[-1].take(value, done.size, line)
            if done.anchor is not None:
                anchors[done.anchor] = value, done.size
    return bottom.content[0] if bottom.content else None
