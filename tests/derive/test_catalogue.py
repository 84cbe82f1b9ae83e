"""The list of all tables, and what follows from an entry in it."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_type_hints

import pytest
from support.finished_run import small_suite

import forgetbench
from forgetbench.derive import catalogue
from forgetbench.derive.catalogue import TABLES, Asked, TableSpec, derive, table, tables_of
from forgetbench.derive.source import Source
from forgetbench.progress import Silent
from forgetbench.proof.verify import verify_run
from forgetbench.record.folder import RunFolder
from forgetbench.record.seal import read_seal

PAGE = (Path(__file__).parents[2] / "docs/architecture.md").read_text("utf-8")
KEPT = Path(__file__).parents[1] / "kept/run-of-0.1.0.tar.gz"


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_a_row_says_of_every_column_what_it_holds(table: TableSpec) -> None:
    assert table.row.__name__.endswith("Row")
    assert table.row.__module__.startswith("forgetbench.record.rows.")
    assert list(get_type_hints(table.row)) == table.columns


def test_the_page_lists_all_tables() -> None:
    listed = PAGE.split("```\nmanifest.json ", 1)[1].split("```")[0]
    assert [table.name for table in TABLES if table.name not in listed] == []


@dataclass(frozen=True)
class _BestRow:
    arm: str
    epoch: int
    ap: float


def _best(source: Source) -> Iterator[_BestRow]:
    scored = source.results[source.results["role"] == "target"]
    for arm, rows in scored.sort_values("ap", ascending=False, kind="stable").groupby("arm"):
        yield _BestRow(str(arm), int(rows["epoch"].iloc[0]), float(rows["ap"].iloc[0]))


@pytest.fixture
def one_more(monkeypatch: pytest.MonkeyPatch) -> None:
    best = TableSpec("best.csv", "each arm's best epoch", _BestRow, ("results.csv",), _best, exact=True, newer=True)
    monkeypatch.setattr(catalogue, "TABLES", (*TABLES, best))


@pytest.mark.usefixtures("charts_not_drawn", "one_more")
def test_an_entry_is_written_read_sealed_and_verified(tmp_path: Path) -> None:
    run = forgetbench.run(small_suite(), output=tmp_path)
    best, results = run.tables["best"].set_index("arm")["ap"], run.results()
    assert best.to_dict() == results[results["role"] == "target"].groupby("arm")["ap"].max().to_dict()
    assert "best.csv" in read_seal(run.path)
    assert verify_run(run.path).findings == []
    table = run.path / "best.csv"
    table.write_text(table.read_text("utf-8").replace(",1,", ",7,").replace(",2,", ",7,"), "utf-8")
    assert {finding.problem for finding in verify_run(run.path).findings} >= {"found 7, expected 2"}


@pytest.mark.usefixtures("charts_not_drawn", "one_more")
def test_a_run_of_before_lacks_a_newer_table() -> None:
    checked = {part.name: part.findings for part in verify_run(KEPT).checks}
    assert (checked["manifest"], checked["tables"]) == ([], [])


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
    newer = {one.name for one in TABLES if one.newer}
    assert {one.name for one in TABLES if not one.always} == {"cam.csv", "drift.csv", "batchnorm.csv"} | newer
    assert newer == {"modules.csv", "price.csv"}  # what the kept run lacks


@pytest.mark.parametrize(
    ("asked", "made"),
    [
        ({"claims"}, ["equal_gain.csv", "claims.csv"]),
        ({"keep"}, ["intervals.csv", "evidence.csv", "claims.csv"]),
        ({"claims", "keep"}, ["intervals.csv", "evidence.csv", "equal_gain.csv", "claims.csv"]),
    ],
)
def test_only_what_was_asked_for_later_is_made_again(
    asked: set[Asked], made: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = Source(RunFolder(tmp_path), Silent())
    source.__dict__["manifest"] = manifest(drift=False)
    monkeypatch.setattr(
        "forgetbench.derive.catalogue.TableSpec.write", lambda one, _folder, rows: written.append(one.name)
    )
    for one in TABLES:
        if one.make is not None:
            monkeypatch.setitem(one.__dict__, "make", lambda _source: [])
    written: list[str] = []
    derive(source, asked=asked)
    assert written == made
    written.clear()
    derive(source)
    assert written == [one.name for one in tables_of(source.manifest) if one.make is not None]


def test_rows_become_text_with_every_digit() -> None:
    losses = table("losses.csv")
    row = {"arm": "a", "epoch": 1, "part": "box", "loss": 0.1 + 0.2}
    assert losses.text([row]) == "arm,epoch,part,loss\na,1,box,0.30000000000000004\n"
