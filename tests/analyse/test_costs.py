from pathlib import Path

import pandas as pd
import pytest
from support import madeup_run

from forgetbench.analyse.costs import costs, module_norms, seconds_per_step, shared_seconds_per_step
from forgetbench.record.table_files import RunTables, read_tables


@pytest.fixture
def run(tmp_path: Path) -> RunTables:
    return read_tables(madeup_run.write_run(tmp_path))


def test_bytes_and_seconds_by_freeze_point(run: RunTables) -> None:
    head_only, deep = costs(run.manifest["arms"], run.memory, run.times)
    assert (head_only.treatment.freeze_point, deep.treatment.freeze_point) == (22, 10)
    assert head_only.held == {"parameters": 100, "gradients": 10, "optimizer": 20, "saved_for_backward": 50}
    assert (head_only.total, deep.total) == (180, 260)
    assert head_only.step_seconds == pytest.approx(0.5)  # 1 s and 3 s over 4 steps each
    assert deep.step_seconds == pytest.approx(2.0)
    assert shared_seconds_per_step(run.times, "yolo") == pytest.approx(0.5)


def test_what_was_not_measured_is_none(run: RunTables) -> None:
    (head_only, _) = costs(run.manifest["arms"], run.memory, run.times)
    assert (head_only.max_allocated, head_only.max_reserved) == (None, None)
    assert seconds_per_step(run.times.iloc[:0]) is None
    assert seconds_per_step(pd.DataFrame({"steps": [1], "seconds": [float("nan")]})) is None
    (nothing, _) = costs(run.manifest["arms"], run.memory.iloc[:0], run.times)
    assert nothing.total is None


def test_gradient_quantiles_leave_frozen_and_infinite_norms_out(run: RunTables) -> None:
    head_only, deep = module_norms(run.manifest["arms"], run.gradients)
    assert deep.treatment.freeze_point == 10
    assert (deep.modules, deep.median, deep.low, deep.high) == ([12], [3.0], [2.0], [4.0])
    assert head_only.modules == [22]
    assert module_norms(run.manifest["arms"], run.gradients.iloc[:0]) == []
