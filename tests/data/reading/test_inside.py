"""What lies inside a dataset, and what inside it a path of another machine may mean."""

from pathlib import Path

import pytest

from forgetbench.data.reading.inside import find_tail, is_inside, lies_around


def test_inside_by_name_or_with_links_resolved(tmp_path: Path) -> None:
    root = tmp_path / "data"
    (root / "images").mkdir(parents=True)
    (tmp_path / "other").mkdir()
    (tmp_path / "alias").symlink_to(root)
    (root / "out").symlink_to(tmp_path / "other")
    assert is_inside(root, root)
    assert is_inside(root / "images" / ".." / "absent.png", root)
    assert is_inside(tmp_path / "alias" / "images", root)
    assert is_inside(root / "out" / "a.png", root)  # as it is named
    assert not is_inside(root / ".." / "other", root)
    assert not is_inside(tmp_path / "data2", root)


def test_only_folders_above_hold_a_dataset(tmp_path: Path) -> None:
    root = tmp_path / "data"
    root.mkdir()
    assert lies_around(tmp_path, root)
    assert not lies_around(root, root)
    assert not lies_around(root / "images", root)


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ("/old/home/sub/images/a.png", "sub/images/a.png"),
        ("C:\\old\\sub\\images", "sub/images"),
        ("images", None),  # nothing is called so right here
        ("/old/sub", None),  # a last name alone could be any part's
        ("sub", "sub"),
        ("/old/a.png", None),
        ("x" * 5000, None),
        ("", None),
    ],
)
def test_the_longest_end_that_is_there(tmp_path: Path, given: str, found: str | None) -> None:
    (tmp_path / "sub" / "images").mkdir(parents=True)
    (tmp_path / "sub" / "images" / "a.png").touch()
    assert find_tail(given, tmp_path) == (None if found is None else tmp_path / found)


def test_names_that_nearly_fit_will_do_where_only_one_does(tmp_path: Path) -> None:
    (tmp_path / "Sub").mkdir()
    (tmp_path / "Sub" / "A.png").touch()
    assert find_tail("old/sub/a.PNG", tmp_path) is None
    assert find_tail("old/sub/a.PNG", tmp_path, nearly=True) == tmp_path / "Sub" / "A.png"
    (tmp_path / "Sub" / "a.png").touch()
    assert find_tail("old/sub/a.PNG", tmp_path, nearly=True) is None
