"""What a summary begins with."""

from pathlib import Path

from support import madeup_run
from support.reported import summary_of


def test_the_suites_name_and_its_words(tmp_path: Path) -> None:
    about = madeup_run.manifest()
    about["suite"] |= {"name": "a*b", "description": "One.\n\n- two\n"}
    assert summary_of(madeup_run.write_run(tmp_path, about=about)).startswith("# a\\*b\n\nOne.\n\n- two\n\n## yolo: ")
