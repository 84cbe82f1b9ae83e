"""What a report knows of a run: each analysis once, and only as much as the run has."""

from pathlib import Path

import pytest
from support import madeup_run
from support.reported import model_of

from forgetbench.errors import CorruptRunError
from forgetbench.report.write import write_report


def test_a_run_of_an_earlier_version_lacks_what_came_later(tmp_path: Path) -> None:
    view = model_of(madeup_run.write_run(tmp_path))
    assert (view.fronts, view.equal_gain, view.operating, view.changed, view.drifts, view.shares) == ([],) * 6
    assert view.run.claims == []
    assert view.run.maps == frozenset()


def test_a_further_table_has_to_be_readable_where_there_is_one(tmp_path: Path) -> None:
    run = madeup_run.write_run(tmp_path)
    (run / "drift.csv").write_bytes(b"arm,module\na,b,c\n\xff\x00\n")
    with pytest.raises(CorruptRunError, match=r"drift\.csv"):
        write_report(run)
