"""The suites in suites/, and the JSON Schema that editors check them by."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from forgetbench.suite.jsonschema import suite_json_schema
from forgetbench.suite.load import load_suite
from forgetbench.suite.points import resolve_freeze_point

SUITES = sorted((Path(__file__).parents[2] / "suites").glob("*.yaml"))


def alternatives(schema: dict[str, Any], node: dict[str, Any]) -> list[dict[str, Any]]:
    if "$ref" in node:
        return [schema["$defs"][node["$ref"].removeprefix("#/$defs/")]]
    return [found for member in node.get("anyOf", []) for found in alternatives(schema, member)] or [node]


def unknown_keys(schema: dict[str, Any], node: dict[str, Any], content: Any, where: str = "") -> list[str]:
    """Return the keys of a suite that no alternative of the schema has."""
    if not isinstance(content, dict):
        return []
    properties: dict[str, Any] = {}
    for alternative in alternatives(schema, node):
        if isinstance(alternative.get("additionalProperties"), dict):
            return []  # keys are free to choose
        properties |= alternative.get("properties", {})
    found = [f"{where}{key}" for key in content if key not in properties]
    for key in content.keys() & properties.keys():
        found += unknown_keys(schema, properties[key], content[key], f"{where}{key}.")
    return found


def test_the_promised_suites_are_there() -> None:
    assert {path.stem for path in SUITES} == {
        "bccd", "bccd-optimizers", "birds-nest", "classify-only", "fruit", "fruit9", "grapes", "insplad", "quickstart",
        "quickstart-arms", "quickstart-yolov10", "substation", "valid", "voc",
    }  # fmt: skip


@pytest.mark.parametrize("path", SUITES, ids=lambda path: path.stem)
def test_suite_loads_and_fits_the_json_schema(path: Path) -> None:
    suite = load_suite(path).suite
    assert suite.name == path.stem
    assert suite.description
    schema = suite_json_schema()
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert unknown_keys(schema, schema, content) == []
    if "extends" not in content:
        assert set(schema["then"]["required"]) <= content.keys()


@pytest.mark.parametrize("name", ["bccd", "fruit", "fruit9"])
def test_suites_sweep_the_papers_freeze_points_and_the_bound(name: str) -> None:
    suite = load_suite(next(path for path in SUITES if path.stem == name)).suite
    assert [resolve_freeze_point(point, head=22, neck=10) for point in suite.freeze_points] == [22, 15, 10, 0]
    assert suite.attach_points == ["head", "freeze-point"]


def test_the_walk_sees_unknown_keys() -> None:
    schema = suite_json_schema()
    content = {"train": {"epoch": 1}, "pretrain": {"x": 1}, "y": 2}
    assert sorted(unknown_keys(schema, schema, content)) == ["pretrain.x", "train.epoch", "y"]
