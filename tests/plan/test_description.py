"""A run's manifest says what read its data, where that is another package's."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from support.factories import written_suite
from support.installed import install_boxlist, write_boxlist

from forgetbench.plan.description import manifest_of
from forgetbench.plan.plan import Plan, make_plan
from forgetbench.suite.load import load_suite


def planned(folder: Path, **target: object) -> Plan:
    path = written_suite(folder, target=target, train={"batch": 2}, freeze_points=["all-but-head"])
    return make_plan(load_suite(path), device=torch.device("cpu"), train_originals=False)


def test_the_reader_of_another_package_is_recorded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = manifest_of(planned(tmp_path / "drawn"), {})["data"]
    assert [name for name in ("train", "target", "reference") if "reader" in drawn[name]] == []
    install_boxlist(tmp_path / "installed", monkeypatch)
    write_boxlist(tmp_path / "own" / "data", ";")
    plan = planned(tmp_path / "own", format="boxlist", path="data", separator=";", world=None)
    data = manifest_of(plan, {})["data"]
    assert [data[name].get("reader") for name in ("train", "target", "reference")] == ["boxlist-reader 1.2"] * 2 + [
        None
    ]
    assert plan.identity()["suite"]["target"]["separator"] == ";"
