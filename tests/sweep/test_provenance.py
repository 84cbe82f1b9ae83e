import json
from pathlib import Path

import pytest
import torch

from forgetbench.record import code
from forgetbench.sweep.provenance import PACKAGES, environment, software


def test_versions_and_hardware_but_nothing_that_names_the_machine() -> None:
    about = environment(torch.device("cpu"))
    assert torch.__version__.startswith(about["packages"]["torch"])
    assert about["device"] == "cpu"
    assert about["cuda"] is None
    assert about["cores"] >= 1
    assert str(Path.home()) not in json.dumps(about)


def test_without_a_checkout_or_git_there_is_no_commit(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    about = environment(torch.device("cpu"))
    assert (about["commit"], about["dirty"]) == (None, None)
    monkeypatch.setattr(code, "__file__", str(tmp_path / "forgetbench" / "run" / "code.py"))
    assert environment(torch.device("cpu"))["commit"] is None


def test_versions_of_what_decides_numbers_can_be_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    about, found = environment(torch.device("cpu")), software()
    assert found == {
        "python": about["python"],
        "forgetbench": about["forgetbench"],
        "commit": about["commit"],
        **about["packages"],
    }
    assert "dirty" not in found  # what is changed beside a commit says nothing that could be compared
    monkeypatch.setattr("forgetbench.sweep.provenance.PACKAGES", (*PACKAGES, "no-such-package"))
    assert software() == {**found, "no-such-package": None}
