"""The JSON Schema that editors check suites by."""

import json

from forgetbench.suite.jsonschema import suite_json_schema


def test_json_schema_says_what_a_file_may_hold() -> None:
    schema = json.loads(json.dumps(suite_json_schema()))
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert schema["title"] == "forgetbench suite"
    assert schema["additionalProperties"] is False
    assert {"extends", "model", "models"} <= schema["properties"].keys()
    assert [member["type"] for member in schema["properties"]["model"]["anyOf"]] == ["string", "array"]
    assert "mosaic" in schema["$defs"]["Train"]["properties"]["augment"]["properties"]
    assert "AdamW" in schema["$defs"]["Train"]["properties"]["optimizer"]["enum"]
    assert "auto" not in schema["$defs"]["Train"]["properties"]["optimizer"]["enum"]


def test_json_schema_requires_keys_only_of_files_that_extend_nothing() -> None:
    schema = suite_json_schema()
    assert "required" not in schema
    assert [name for name, node in schema["$defs"].items() if "required" in node] == [
        "ArmSpec",
        "Claim",
    ]  # lists do not merge
    assert schema["if"] == {"not": {"required": ["extends"]}}
    assert set(schema["then"]["required"]) == {"name", "target", "reference", "freeze_points", "train"}
    assert schema["then"]["properties"]["train"] == {"required": ["epochs", "optimizer", "lr0"]}
    assert schema["then"]["properties"]["pretrain"] == {"required": ["epochs"]}
    assert schema["then"]["properties"]["target"] == {"anyOf": [{"required": ["format"]}, {"required": ["card"]}]}


def test_strategies_are_what_they_are_given_as() -> None:
    assert suite_json_schema({"type": "null"})["$defs"]["ArmSpec"]["properties"]["strategy"] == {"type": "null"}
