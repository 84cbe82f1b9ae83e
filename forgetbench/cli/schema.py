"""`forgetbench schema`: writes the JSON Schema of suites, for editors."""

from __future__ import annotations

import json
from pathlib import Path

import click


@click.command("schema")
@click.option(
    "-o", "--output", type=click.Path(path_type=Path, dir_okay=False), help="File to write; default: standard output."
)
def command(output: Path | None) -> None:
    """Write the JSON Schema of suites.

    Editors use it to complete and check suite files.
    """
    from forgetbench.files import write_text
    from forgetbench.suite.jsonschema import suite_json_schema
    from forgetbench.train.strategies import strategies_schema

    text = json.dumps(suite_json_schema(strategies_schema()), indent=2) + "\n"
    if output is None:
        click.echo(text, nl=False)
    else:
        write_text(output, text)
