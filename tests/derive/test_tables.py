"""The registry of tables."""

from pathlib import Path
from typing import Any

import pytest

from forgetbench.derive.catalogue import TABLES, derive, table, tables_of
from forgetbench.derive.source import Source
from forgetbench.progress import Silent
from forgetbench.record.folder import RunFolder


def manifest(*, drift: bool = True, cam: object = None) -> Any:
    return {"suite": {"evaluation": {"drift": drift}, "cam": cam}}


def test_names_are_different_and_each_is_found() -> None:
    assert len({one.name for one in TABLES}) == len(TABLES)
    assert table("losses.csv").columns == ["arm", "epoch", "part", "loss"]
    with pytest.raises(StopIteration):
        table("absent.csv")


def test_a_table_follows_from_folders_and_earlier_tables_alone() -> None:
    made: list[str] = []
    for one in TABLES:
        assert all(of.endswith("/") or of in (*made, "models", "data") for of in one.made_of), one.name
        made.append(one.name)


def test_what_the_suite_did_not_ask_for_is_not_due() -> None:
    names = {one.name for one in TABLES}
    assert {one.name for one in tables_of(manifest(cam={}))} == names
    assert {one.name for one in tables_of(manifest())} == names - {"cam.csv"}
    assert {one.name for one in tables_of(manifest(drift=False))} == names - {"cam.csv", "drift.csv", "batchnorm.csv"}
    assert {one.name for one in TABLES if not one.always} == {"cam.csv", "drift.csv", "batchnorm.csv"}


def test_only_what_claims_decide_is_made_again_if_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = Source(RunFolder(tmp_path), Silent())
    source.__dict__["manifest"] = manifest(drift=False)
    monkeypatch.setattr("forgetbench.derive.catalogue.Table.write", lambda one, _folder, rows: written.append(one.name))
    for one in TABLES:
        if one.make is not None:
            monkeypatch.setitem(one.__dict__, "make", lambda _source: [])
    written: list[str] = []
    derive(source, asked=True)
    assert written == ["equal_gain.csv", "claims.csv"]
    written.clear()
    derive(source)
    assert written == [one.name for one in tables_of(source.manifest) if one.make is not None]


def test_rows_become_text_with_every_digit() -> None:
    losses = table("losses.csv")
    row = {"arm": "a", "epoch": 1, "part": "box", "loss": 0.1 + 0.2}
    assert losses.text([row]) == "arm,epoch,part,loss\na,1,box,0.30000000000000004\n"
