"""Ways to spoil an input: its bytes, its lines, or the values and keys of what it holds."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from random import Random
from typing import Any

import yaml


def _nested(levels: int, opening: str, closing: str) -> str:
    return opening * levels + closing * levels


#: What is put where something else was: numbers, texts and marks that parsers stumble over.
WORDS = (
    "0", "-1", "1e999", "-1e999", ".inf", ".nan", "nan", "inf", "Infinity", "1" * 5000, "9" * 19, "-" + "9" * 30,
    "1e-400", "0x10", "1_000", "1:10:10", "1.5", "4294967296", "9223372036854775808", "1e308", "true", "null", "~",
    "yes", "''",     "../..", "../../../../etc/passwd", "/", "/dev/zero", ".", "..", "C:\\x", "a/../b", "~", "a" * 300,
    "x" * 20_000,
    "\x00", "\x1b[2J", "\r", "\n", "\u2028", "\u202e", "\ufeff", "\ud800", "\ue000", "\U0010ffff", "é", "e\u0301",
    "\x7f",
    "[", "]", "{", "}", ":", ",", '"', "'", "&a", "*a", "!!python/object:os.system", "<<", "- ", "? ", "|", ">", "%",
    "@",
    "<", ">", "&amp;", "&x;", "<!DOCTYPE a [<!ENTITY b 'c'>]>", "<![CDATA[", "<?xml version='1.0' encoding='utf-7'?>",
    '"\\U00110000"', '"\\ud800"', '"\\x"', _nested(200, "[", "]"), _nested(5000, "[", "]"), _nested(3000, '{"a":', "}"),
    _nested(2000, "<a>", "</a>"), "a: &a [*a]", "__import__", "%s%n", "{0}", "$(x)", "=cmd|x", "\t", " ", "",
)  # fmt: skip
#: Values of other types than were expected.
VALUES: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 2**31, 2**32, 2**63, 10**30, 10**400, 1.5, -0.0, 1e308, float("inf"), float("nan"), "",
    " ",
    "0", "a", "\x00", "\ud800", "\x1b[31m", "../..", "/dev/zero", "x" * 5000, "é", [], {}, [[]], [{}], {"": ""},
    {"a": {"b": [1]}},
    [0] * 2000, ["a"] * 2000, {str(number): number for number in range(300)}, [None], [float("nan")] * 4,
    [1, "a", None, {}],
    "none", "head", "first-3", "null", "{}", "[1]", "2.0", "1e5",
)  # fmt: skip
KEYS = (
    "",
    "a",
    "0",
    "-1",
    "\x00",
    "\ud800",
    "<<",
    "names",
    "path",
    "extends",
    "__class__",
    "x" * 500,
    "a.b",
    "model",
    "bbox",
)


#: Stands for lists within lists until all is text: deeper than Python itself can copy.
_DEEP = "@deep@"


def mutated_bytes(content: bytes, random: Random) -> bytes:
    """Return bytes that were changed in one to a few places."""
    made = bytearray(content)
    for _ in range(random.choice((1, 1, 1, 2, 4, 8))):
        at = random.randrange(len(made) + 1)
        length = min(len(made) - at, random.choice((1, 1, 2, 4, 8, 64, 1024)))
        kind = random.randrange(9)
        if kind == 0 and made:
            made[at % len(made)] ^= 1 << random.randrange(8)
        elif kind == 1 and made:
            made[at % len(made)] = random.choice((0, 1, 0x7F, 0x80, 0xFF, random.randrange(256)))
        elif kind == 2:
            del made[at:]
        elif kind == 3:
            del made[at : at + length]
        elif kind == 4:
            made[at:at] = random.choice(WORDS).encode("utf-8", "surrogatepass")
        elif kind == 5:
            made[at : at + length] = random.randbytes(length)
        elif kind == 6:
            made[at:at] = made[at : at + length] * random.choice((1, 2, 50))
        elif kind == 7:
            other = random.randrange(len(made) + 1)
            made[at : at + length], made[other:other] = b"", made[at : at + length]
        else:
            number = random.choice((0, 1, 0x7FFFFFFF, 0xFFFFFFFF, 2**63 - 1, 2**64 - 1))
            width = random.choice((2, 4, 8))
            made[at : at + width] = (number % 256**width).to_bytes(width, random.choice(("little", "big")))
    return bytes(made)


def mutated_text(content: bytes, random: Random) -> bytes:
    """Return a text whose lines and words were changed; now and then in bytes, or in another encoding."""
    if random.random() < 0.2:
        return mutated_bytes(content, random)
    lines = content.decode("utf-8", "replace").splitlines(keepends=True) or [""]
    for _ in range(random.choice((1, 1, 2, 4))):
        at = random.randrange(len(lines)) if lines else 0
        kind = random.randrange(7)
        if not lines or kind == 0:
            lines.insert(at, random.choice(WORDS) + random.choice(("", "\n")))
        elif kind == 1:
            lines[at:at] = [lines[at]] * random.choice((1, 2, 100))
        elif kind == 2:
            del lines[at]
        elif kind == 3:
            other = random.randrange(len(lines))
            lines[at], lines[other] = lines[other], lines[at]
        elif kind in (4, 5):
            words = lines[at].split(" ")
            words[random.randrange(len(words))] = random.choice(WORDS)
            lines[at] = " ".join(words)
        else:
            cut = random.randrange(len(lines[at]) + 1)
            lines[at] = lines[at][:cut] + random.choice(WORDS) + lines[at][cut:]
    text = "".join(lines)
    encoding = random.choice(("utf-8",) * 8 + ("utf-16", "utf-8-sig", "utf-16-le", "utf-32"))
    return text.encode(encoding, "surrogatepass")


def mutated_value(content: Any, random: Random) -> Any:
    """Return JSON-like content with values of other types, other keys, or parts left out, twice there or moved."""
    made = copy.deepcopy(content)
    for _ in range(random.choice((1, 1, 2, 4, 8))):
        places = list(_paths(made))
        if not places:
            return random.choice(VALUES)
        *above, last = random.choice(places)
        at = made
        for key in above:
            at = at[key]
        kind = random.randrange(6)
        value = copy.deepcopy(random.choice((*VALUES, _DEEP, _DEEP)))
        if kind in (0, 1):
            at[last] = value
        elif kind == 2:
            del at[last]
        elif kind == 3 and isinstance(at, dict):
            at[random.choice((*KEYS, *at))] = random.choice((value, at[last]))
        elif kind == 3:
            at[last:last] = [copy.deepcopy(at[last])] * random.choice((1, 2, 50))
        elif kind == 4:
            at[last] = [at[last]] if random.random() < 0.5 else {"a": at[last]}
        else:
            *others, end = random.choice(list(_paths(made)))
            where = made
            for key in others:
                where = where[key]
            at[last] = copy.deepcopy(where[end])
    return made


def mutated_json(content: bytes, random: Random) -> bytes:
    """Return a JSON text of changed content, or a changed text."""
    if random.random() < 0.25:
        return mutated_text(content, random)
    return _dumped(mutated_value(json.loads(content), random))


def mutated_yaml(content: bytes, random: Random) -> bytes:
    """Return a YAML text of changed content, or a changed text; written as JSON is, which is YAML, or in blocks."""
    if random.random() < 0.5:
        return mutated_text(content, random)
    made = mutated_value(yaml.safe_load(content), random)
    if random.random() < 0.5:
        return _dumped(made)
    try:
        return yaml.safe_dump(made, allow_unicode=True).encode("utf-8", "surrogatepass")
    except (yaml.YAMLError, ValueError, RecursionError):
        return _dumped(made)


def _dumped(value: Any) -> bytes:
    text = json.dumps(value, ensure_ascii=False)
    return text.replace(f'"{_DEEP}"', _nested(5000, "[", "]")).encode("utf-8", "surrogatepass")


def _paths(content: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield where values are; not those far inside others, which a recursion would not reach."""
    if at:
        yield at
    if len(at) > 12:
        return
    if isinstance(content, dict):
        for key in content:
            yield from _paths(content[key], (*at, key))
    elif isinstance(content, list):
        for index in range(min(len(content), 40)):
            yield from _paths(content[index], (*at, index))
