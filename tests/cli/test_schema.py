"""`forgetbench schema`: the schema that editors use, printed or written."""

import json
from pathlib import Path

from support.called import call

from forgetbench.suite.jsonschema import suite_json_schema
from forgetbench.train.strategies import strategies_schema


def test_schema_is_printed_or_written(tmp_path: Path) -> None:
    assert json.loads(call("schema").output) == suite_json_schema(strategies_schema())
    path = tmp_path / "suite.schema.json"
    assert call("schema", "-o", path).output == ""
    assert json.loads(path.read_text(encoding="utf-8")) == suite_json_schema(strategies_schema())
