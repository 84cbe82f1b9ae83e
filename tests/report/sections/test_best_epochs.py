"""Which epochs are called best."""

from pathlib import Path

from support import madeup_run
from support.reported import section_of

from forgetbench.report.sections.best_epochs import section


def test_the_best_epoch_is_that_of_the_most_target_ap_and_of_equals_the_first(tmp_path: Path) -> None:
    target = {**madeup_run.TARGET, (22, 0, 1): 0.4}
    assert section_of(madeup_run.write_run(tmp_path, target=target), section).splitlines() == [
        "### yolo: best epoch, chosen afterwards",
        "",
        "| arm | head | epoch | target AP | forgetting, attach = head |",
        "| :-- | :-- | --: | --: | --: |",
        "| yolo-freeze22-seed0 | one-to-many | 1 | 40.0 | 0 |",
        "| yolo-freeze10-seed0 | one-to-many | 2 | 55.0 | 20.0 |",
    ]


def test_without_target_ap_there_is_no_best_epoch(tmp_path: Path) -> None:
    folder = madeup_run.write_run(tmp_path, target=dict.fromkeys(madeup_run.TARGET))
    assert section_of(folder, section) == "### yolo: best epoch, chosen afterwards"
