"""Images that several records of annotations end at."""

from pathlib import Path

from forgetbench.data.clean import DUPLICATE_IMAGE, MISSING_IMAGE
from forgetbench.data.dataset import OddityReport
from forgetbench.data.reading.one_record import one_record_a_file
from forgetbench.data.reading.source import Listed


def listed(image: str, given: str, *, near: bool = False) -> Listed:
    return Listed(Path(image), image, given, given, near)


def kept(*purposes: list[Listed]) -> tuple[list[list[str]], list[tuple[str, str]]]:
    """Return what the records left are called, and what was told."""
    report = OddityReport()
    left = one_record_a_file(purposes, lambda path: path.name, report)
    return [[one.given for one in images] for images in left], [(one.kind, one.detail) for one in report.found]


def test_records_of_files_of_their_own_stay() -> None:
    assert kept([listed("a.png", "a.png")], [listed("b.png", "b.png"), listed("a.png", "a.png")]) == (
        [["a.png"], ["b.png", "a.png"]], [],
    )  # fmt: skip


def test_whose_boxes_a_file_of_several_records_has_cannot_be_told() -> None:
    left, told = kept([listed("a.png", "x/a.png"), listed("b.png", "b.png")], [listed("a.png", "y/a.png")])
    assert left == [["b.png"], []]
    detail = "'x/a.png' and 'y/a.png' both end at this one file, and whose boxes it has cannot be told: left out"
    assert told == [(DUPLICATE_IMAGE, detail)]
    _, told = kept([listed("a.png", f"{folder}/a.png") for folder in "xyz"])
    assert told[0][1].startswith("'x/a.png' and 2 more end at")


def test_a_record_of_the_very_name_goes_before_those_that_nearly_name_the_file() -> None:
    left, told = kept([listed("a.png", "a.png"), listed("a.png", "A.jpg", near=True)])
    assert left == [["a.png"]]
    assert told == [(MISSING_IMAGE, "'A.jpg' only nearly names this file, which is that of 'a.png': left out")]
