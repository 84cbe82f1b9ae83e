import pytest

from forgetbench.names import is_plain, stays_inside


@pytest.mark.parametrize("name", ["yolov8n", "best (1)", "模型", "a.b", ".x", "ab:c", "x" * 200, "0"])
def test_names_of_one_thing_in_a_folder_are_plain(name: str) -> None:
    assert is_plain(name)
    assert stays_inside(name)


@pytest.mark.parametrize(
    "name",
    [
        "", ".", "..", "a/b", "../x", "/x", "a\\b", "C:x", "C:", "a\0b", "a\nb", "\x1b[2J", "\x85", "\ud800", "x" * 201,
        "é" * 101, None, 3, ["x"],
    ],
)  # fmt: skip
def test_names_that_lead_elsewhere_or_cannot_be_a_files_are_not(name: object) -> None:
    assert not is_plain(name)


@pytest.mark.parametrize("name", ["a/b.csv", "a/../../x", "/etc/passwd", "..", "a\\..\\x", "C:/x", "", "a/\n"])
def test_only_relative_paths_that_go_down_stay_inside(name: str) -> None:
    assert stays_inside(name) == (name == "a/b.csv")
