"""YAML as text: scalars as they are written, and nothing that grows, nests or means more than it says."""

from __future__ import annotations

import pytest

from forgetbench.data.formats.yolo.yaml_text import MOST_VALUES, YamlTextError, parse_text


@pytest.mark.parametrize(
    "word",
    ["yes", "no", "on", "001", "010", "1.0", "~", "null", "2024-01-01", "1:30", "0x1F", "1e5", "=", "True"],
)
def test_scalars_are_text_as_they_are_written(word: str) -> None:
    assert parse_text(f"names: [{word}, '{word}']\n{word}: x") == {"names": [word, word], word: "x"}


def test_aliases_and_merge_keys() -> None:
    text = "a: &a [x, y]\nb: *a\nc: &c {d: 1, e: 2}\nf: {<<: *c, e: 3}\ng: {<<: [*c, {h: 4}]}\n"
    assert parse_text(text) == {
        "a": ["x", "y"], "b": ["x", "y"], "c": {"d": "1", "e": "2"},
        "f": {"d": "1", "e": "3"}, "g": {"d": "1", "e": "2", "h": "4"},
    }  # fmt: skip


@pytest.mark.parametrize(
    ("text", "content"), [("", None), ("# none\n", None), ("x", "x"), ("- 1\n- [2]", ["1", ["2"]])]
)
def test_documents_of_other_kinds(text: str, content: object) -> None:
    assert parse_text(text) == content


def bomb(levels: int, width: int) -> str:
    lists = [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * width)}]" for i in range(1, levels)]
    return "\n".join(["a0: &a0 [x, x]", *lists])


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (bomb(40, 2), "more than 200,000 values"),
        (bomb(9, 10), "more than 200,000 values"),
        (f"a: &a {'x' * 6_400_000}\nb: [*a, *a]", "more than 200,000 values"),
        ("a: &a {b: 1}\n" + "c: [" + "{<<: *a}, " * 90_000 + "]", "more than 200,000 values"),
        ("a: &a [*a]", "line 1: alias 'a' names nothing whole before it"),
        ("a: *b", "names nothing"),
        ("[" * 60 + "]" * 60, "nested too deeply"),
        ("[" * 100_000, "nest"),
        ("- " * 100 + "x", "nested too deeply"),
        ("a: !!bool yes", "the tag 'tag:yaml.org,2002:bool' is refused"),
        ("a: ! x", "the tag '!' is refused"),
        ("!x a: b", "is refused"),
        ("a: 1\n---\nb: 2", "a second document"),
        ("a: 1\nb: 2\na: 3", "line 3: key 'a' is given twice, with another value"),
        ("? [a]\n: b", "line 1: a key is not a word"),
        ("a: \x07", "control characters"),
        ("a: [b", "expected ',' or ']'"),
        ("a: b: c", "mapping values are not allowed"),
    ],
)
def test_what_is_refused(text: str, problem: str) -> None:
    with pytest.raises(YamlTextError) as caught:
        parse_text(text)
    assert problem in str(caught.value)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 400


def test_a_key_given_twice_with_one_value_is_no_contradiction() -> None:
    assert parse_text("nc: 2\nnames: [no, yes]\nnc: 2\nnames: [no, yes]") == {"nc": "2", "names": ["no", "yes"]}


def test_as_many_values_as_are_allowed() -> None:
    assert len(parse_text(f"[{'x,' * (MOST_VALUES - 2)}]")) == MOST_VALUES - 2
