"""Tables made again."""

from pathlib import Path

from support.finished_run import change_cell, copy_of
from support.verified import checked, said

from forgetbench.proof.verify.tables_check import check_tables


def test_every_table_is_made_again_and_a_changed_cell_named(small_run: Path, tmp_path: Path) -> None:
    run = copy_of(small_run, tmp_path)
    part = checked(check_tables, run)
    assert said(part) == []
    assert part.checked.endswith(
        "cells made again: price, gradients, memory, times, losses, intervals, evidence, operating, front, equal_gain, "
        "classes, errors, batchnorm, claims"
    )
    assert part.notes == [f"{name} needs the model: only its hash was checked" for name in ("drift.csv", "modules.csv")]
    change_cell(run / "losses.csv", "loss", {"epoch": "2"}, lambda _: "0.5")
    (found,) = said(checked(check_tables, run))
    assert found.startswith("losses.csv, line ")
    assert found.endswith(", loss: found 0.5, expected " + found.rpartition(" ")[2])
