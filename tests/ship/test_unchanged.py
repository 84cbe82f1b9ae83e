"""What is taken from a run is what its seal holds."""

from pathlib import Path

import pytest
from support.finished_run import copy_of

from forgetbench.errors import CorruptRunError
from forgetbench.proof.verify import open_subject
from forgetbench.ship.unchanged import require_unchanged, require_unchanged_tables


@pytest.mark.parametrize("name", ["manifest.json", "results.csv"])
def test_a_table_that_was_changed_is_refused(small_run: Path, tmp_path: Path, name: str) -> None:
    subject = open_subject(copy_of(small_run, tmp_path))
    require_unchanged_tables(subject, ["results.csv"])
    path = subject.folder.path / name
    path.write_bytes(path.read_bytes() + b"\n")
    with pytest.raises(CorruptRunError, match=name):
        require_unchanged_tables(subject, ["results.csv"])


def test_a_file_that_the_seal_does_not_name_is_refused(small_run: Path, tmp_path: Path) -> None:
    subject = open_subject(copy_of(small_run, tmp_path))
    added = subject.folder.path / "more.csv"
    added.write_text("a\n", encoding="utf-8")
    with pytest.raises(CorruptRunError):
        require_unchanged(subject, [added])
