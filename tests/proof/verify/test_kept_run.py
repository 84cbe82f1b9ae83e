"""A run that an earlier version made and packed: it is verified and drawn again as runs of today are."""

from pathlib import Path

import pytest

from forgetbench.data.cards.unpack import unpack
from forgetbench.proof.verify import verify_run
from forgetbench.record.folder import RunFolder
from forgetbench.record.table_files import read_tables
from forgetbench.sweep.redraw import redraw

KEPT = Path(__file__).parents[2] / "kept" / "run-of-0.1.0.tar.gz"


@pytest.fixture
def run(tmp_path: Path) -> Path:
    unpack(KEPT, tmp_path, most_bytes=50_000_000)
    (folder,) = tmp_path.iterdir()
    return folder


def test_it_is_verified_packed_and_drawn_again(run: Path) -> None:
    assert "variant" not in RunFolder(run).results()
    assert verify_run(KEPT).findings == []
    (run / "summary.md").unlink()
    assert run / "summary.md" in redraw(run)
    assert verify_run(run).findings == []


def test_its_results_are_of_checkpoints_as_trained(run: Path) -> None:
    tables = read_tables(run)
    assert len(tables.results) == len(RunFolder(run).results()) == 25  # the original; 4 arms, 2 epochs, 3 networks each
    assert tables.manifest["format"] == 4


def test_a_row_that_is_not_there_is_found_in_it(run: Path) -> None:
    rows = (run / "results.csv").read_text(encoding="utf-8").splitlines(keepends=True)
    (run / "results.csv").write_text("".join(rows[:-1]), encoding="utf-8")
    found = {finding.where for finding in verify_run(run).findings}
    assert any(where.startswith("results.csv (kept") or where.startswith("results.csv (yolov8p") for where in found)
