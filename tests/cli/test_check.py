"""`forgetbench check`: the plan, printed, and nothing written."""

from pathlib import Path

import pytest
from support.called import call
from support.factories import written_suite


def test_check_prints_the_plan_and_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    suite = written_suite(tmp_path)
    before = sorted(tmp_path.rglob("*"))
    done = call("check", suite)
    assert done.exit_code == 0, done.output
    assert "Arms of tiny-yolov8 " in done.output
    assert "backbone (10)" in done.output
    assert "6 evaluations on the target, 9 on the reference" in done.output
    assert "on disk" in done.output
    assert sorted(tmp_path.rglob("*")) == before
