from pathlib import Path

import pytest

from forgetbench.errors import SuiteError
from forgetbench.suite.yamlfile import parse_yaml, read_mapping


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1e-3", 0.001),
        ("1E3", 1000.0),
        ("-.5", -0.5),
        ("2.", 2.0),
        ("7", 7),
        ("true", True),
        ("~", None),
        ("", None),
        ("none", "none"),
        ("no", "no"),
        ("010", "010"),
        ("1:30", "1:30"),
        ("2024-01-01", "2024-01-01"),
        ("'7'", "7"),
        (".inf", ".inf"),
        ("9" * 5000, "9" * 5000),
    ],
)
def test_scalars(text: str, value: object) -> None:
    found = parse_yaml(text, "here")
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: 1\nb:\n  c: 1\n  c: 2\n", "here:4:3: key 'c' is given twice, first in line 3"),
        ("a: {b: 1, b: 2}", "here:1:11: key 'b' is given twice, first in line 1"),
        ("a: [1, 2\nb: 3", "here:2:2: while parsing a flow sequence, expected"),
        ("a: 1\n\tb: 2", "here:2:1: "),
        ("1.5: 2", "here:1:1: expected a word or a whole number as key, found 1.5"),
        ("true: 2", "here:1:1: expected a word or a whole number as key, found True"),
        ("{[a]: 1}", "here:1:2: expected a word or a whole number as key, found ['a']"),
        ("a: 1\n---\nb: 2", "here:2:1: expected a single document"),
        ("a: &x [1]\nb: *x", "here:2:4: alias '*x' is refused"),
        ("a: !!str 1", "here:1:4: tag '!!str' is refused"),
        ("a: !Mine {}", "here:1:4: tag '!Mine' is refused"),
        ("a: \x01", "here: not valid YAML"),
        ("[" * 5000, "here:1:52: nested too deeply"),
        ("- " * 5000, "here:1:103: nested too deeply"),
    ],
)
def test_what_is_not_plain_data_is_refused_with_its_place(text: str, message: str) -> None:
    with pytest.raises(SuiteError) as caught:
        parse_yaml(text, "here")
    assert str(caught.value).startswith(message)
    assert "\n" not in str(caught.value)


def test_no_code_is_run(tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    with pytest.raises(SuiteError, match=r"'!!python/object/apply:os\.system' is refused"):
        parse_yaml(f"a: !!python/object/apply:os.system ['touch {trace}']", "here")
    assert not trace.exists()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "expected a mapping of keys to values, found an empty file"),
        (b"[1]", "found a list"),
        (b"\xff\xfe\x00", "it is not UTF-8 text"),
    ],
)
def test_file_that_holds_no_mapping(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "suite.yaml"
    path.write_bytes(content)
    with pytest.raises(SuiteError) as caught:
        read_mapping(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert message in str(caught.value)


def test_missing_file_names_the_nearest(tmp_path: Path) -> None:
    (tmp_path / "quickstart.yaml").touch()
    with pytest.raises(SuiteError, match=r"no such suite file. Did you mean '.*/quickstart.yaml'\?"):
        read_mapping(tmp_path / "quikstart.yaml")
    with pytest.raises(SuiteError, match=r"no such suite file$"):
        read_mapping(tmp_path / "nowhere" / "suite.yaml")


def test_folder_is_no_suite(tmp_path: Path) -> None:
    with pytest.raises(SuiteError, match="cannot be read"):
        read_mapping(tmp_path)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("names: [yes, no]", ["yes", "no"]),
        ("names: [001, 010, 1, 1.0, 1e3, .5]", ["001", "010", "1", "1.0", "1e3", ".5"]),
        ("names: [~, null, true, False]", ["~", "null", "true", "False"]),
        ("names: ['1', \"no\", a b]", ["1", "no", "a b"]),
        ("names:\n  - 2024-01-01\n  - 1:30\n  - 0x1F", ["2024-01-01", "1:30", "0x1F"]),
        ("names: coco", "coco"),
        ("names:", None),
        ("names: [x, [1, 2]]", ["x", ["1", "2"]]),
        ("names: {a: 1, 2: no}", {"a": "1", "2": "no"}),
    ],
)
@pytest.mark.parametrize("key", ["names", "classes", "class_by_name"])
def test_what_people_call_classes_is_text_as_it_is_written(key: str, text: str, names: object) -> None:
    named = text.replace("names", key)
    assert parse_yaml(f"target:\n  {named}".replace("\n", "\n  "), "s.yaml")["target"] == {key: names}


def test_other_keys_keep_their_kinds() -> None:
    assert parse_yaml("seeds: [1, 2]\nlr0: 1e-3\nname: no", "s.yaml") == {"seeds": [1, 2], "lr0": 0.001, "name": "no"}
