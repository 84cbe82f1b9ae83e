"""Which image is whose."""

from pathlib import Path

import pytest

from forgetbench.data.formats.paired.matches import Match, PairedFiles, names_in

ROOT = Path("/data/images")


def matches(images: list[str], files: dict[str, str]) -> PairedFiles:
    """Return matches of images and of annotation files, whose values are what they call their images."""
    by_key: dict[str, list[Path]] = {}
    for name in images:
        by_key.setdefault(name.rpartition(".")[0], []).append(ROOT / name)
    paths = {key: Path(f"/data/labels/{key}.xml") for key in files}
    return PairedFiles(by_key, paths, {paths[key]: named for key, named in files.items()})


def test_an_equal_name_goes_first_whatever_the_file_says() -> None:
    found = matches(["a.png", "b.png"], {"a": "b.png"})
    assert found.find("a") == Match("a", ROOT / "a.png", Path("/data/labels/a.xml"))
    assert found.find("b") == Match("b", ROOT / "b.png")
    assert found.find("c") is None
    assert not found.is_empty


def test_of_several_images_of_one_name_the_one_that_is_named_is_taken() -> None:
    found = matches(["a.jpg", "a.png"], {"a": "C:\\old\\a.png"}).find("a")
    assert found is not None
    assert (found.image.name, [path.name for path in found.others]) == ("a.png", ["a.jpg"])


def test_a_file_of_another_name_is_its_images_by_what_it_says_or_nearly() -> None:
    named = matches(["a.png"], {"0001": "a.png"})
    assert named.find("0001") == named.find("a") == Match("0001", ROOT / "a.png", Path("/data/labels/0001.xml"))
    near = matches(["A 1.png"], {"a%201": ""}).find("a%201")
    assert near is not None
    assert (near.image.name, near.near) == ("A 1.png", True)
    assert matches(["a.png"], {"b": ""}).is_empty


def test_of_several_files_of_one_image_the_later_are_rivals() -> None:
    found = matches(["a.png"], {"1": "a.png", "2": "a.png"})
    assert found.find("a") == found.find("1")
    assert found.rivals("a") == [found.find("2")]


def test_keys_of_texts_with_folders_and_suffixes() -> None:
    found = matches(["a.png", "sub/b.png"], {"a": ""})
    assert found.key(["x", "a.xml"], ROOT) == "a"
    assert found.key(["old/images/sub/b.png"], ROOT) == "sub/b"
    assert found.key(["c"], ROOT) is None
    assert found.near_key(["A.PNG"]) == ("a", ROOT / "a.png")
    assert found.near_key(["c"]) is None


@pytest.mark.parametrize(
    ("line", "names"),
    [("", []), (" a.png ", ["a.png"]), ("\ufeffa", ["a"]), ('"a b"', ["a b"]), ("a b 1", ["a b 1", "a b"]),
     ("a -1", ["a -1", "a"]), ("a b/a.xml", ["a b/a.xml", "a"]), ("a 2", ["a 2"])],
)  # fmt: skip
def test_what_a_line_may_name(line: str, names: list[str]) -> None:
    assert names_in(line) == names
