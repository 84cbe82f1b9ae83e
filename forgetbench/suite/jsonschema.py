"""The suite's JSON Schema, by which editors complete and check suite files."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from forgetbench.suite.data_section import with_further_options
from forgetbench.suite.formats import further_formats, refuse_taken_names
from forgetbench.suite.points import ALL
from forgetbench.suite.schema import Suite

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def suite_json_schema(strategies: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Return a JSON Schema (2020-12) of what a suite file may hold.

    A file that extends another may leave out any key, since the other may bring it; all other files must hold the
    required ones.

    Args:
        strategies: Schema of an arm's `strategy` mapping; by default it may hold anything.

    Raises:
        InputError: an installed package brings a format that cannot be used.
    """
    refuse_taken_names()
    schema = with_further_options(Suite.model_json_schema(), further_formats())
    properties, definitions = schema["properties"], schema["$defs"]
    models = properties["models"]
    one_or_several = [models["items"], {key: models[key] for key in ("type", "items", "minItems")}]
    properties["models"] = {"anyOf": one_or_several, "description": models["description"]}
    properties["model"] = {"anyOf": one_or_several, "description": "another name of 'models'"}
    points = properties["attach_points"]
    word = {"const": ALL}
    properties["attach_points"] = {
        "anyOf": [word, {key: points[key] for key in ("type", "items", "minItems", "maxItems")}],
        **{key: points[key] for key in ("default", "description")},
    }
    properties["extends"] = {
        "type": "string",
        "minLength": 1,
        "description": "another suite, a file relative to this one or a name that `forgetbench suites` lists: "
        "mappings merge, lists and single values replace",
    }
    complete = {
        "required": [key for key in schema.pop("required") if key != "models"],
        "anyOf": [{"required": ["models"]}, {"required": ["model"]}],
        "properties": {
            key: {"required": definitions[section]["required"]}
            for key, node in properties.items()
            if (section := _section(node)) and "required" in definitions[section]
        }
        | {key: {"anyOf": [{"required": ["format"]}, {"required": ["card"]}]} for key in ("target", "reference")},
    }
    for node in properties.values():
        if section := _section(node):
            definitions[section].pop("required", None)
    if strategies is not None:
        definitions["ArmSpec"]["properties"]["strategy"] = dict(strategies)
    return {
        "$schema": DIALECT,
        **schema,
        "title": "forgetbench suite",
        "not": {"required": ["model", "models"]},
        "if": {"not": {"required": ["extends"]}},
        "then": complete,
    }


def _section(node: dict[str, Any]) -> str | None:
    """Return the name of the section a property holds, if it holds one."""
    for member in [node, *node.get("anyOf", [])]:
        if "$ref" in member:
            return str(member["$ref"]).rsplit("/", 1)[-1]
    return None
