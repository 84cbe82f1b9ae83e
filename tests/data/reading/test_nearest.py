"""Names and ids that nearly match: one candidate is taken, several never."""

from __future__ import annotations

import unicodedata

import pytest

from forgetbench.data.reading.nearest import NearIds, NearNames, nearly_named, plain_id, plain_name, plain_stem, slashed

KNOWN = ["cam0/a.png", "cam1/a.png", "b c.jpg", "Straße/é.PNG", "train/d.jpeg", "e.tif", "e.png"]


@pytest.mark.parametrize(
    ("name", "plain"),
    [
        ("a/b.png", "a/b.png"),
        (r"..\images\000.png", "images/000.png"),
        (r"C:\Users\me\b.png", "Users/me/b.png"),
        ("/home/me//./b.png", "home/me/b.png"),
        ("a/../b.png", "b.png"),
        ("../../b.png", "b.png"),
        (" b.png ", "b.png"),
        ("..", ""),
        ("", ""),
    ],
)
def test_slashes(name: str, plain: str) -> None:
    assert slashed(name) == plain


@pytest.mark.parametrize(
    ("name", "plain"),
    [
        ("My%20Photo.PNG", "my photo.png"),
        ("a%2520b.png", "a b.png"),
        ("50%.png", "50%.png"),
        (unicodedata.normalize("NFD", "É.png"), unicodedata.normalize("NFC", "é.png")),
        ("images%5Cb.png", "images/b.png"),
        ("https://bucket.example/set/b.png?signature=x/y.png#z", "set/b.png"),
        ("s3://bucket/set/b.png", "set/b.png"),
        ("/data/local-files/?d=set%2Fb.png", "set/b.png"),
        ("http://localhost:8080/data/local-files/?d=set/b.png", "set/b.png"),
    ],
)
def test_plain_names(name: str, plain: str) -> None:
    assert plain_name(name) == plain


@pytest.mark.parametrize(
    ("name", "stem"),
    [
        ("a/b.png", "a/b"),
        ("a/b.JPG.png", "a/b"),
        ("b.jpg.txt", "b"),
        ("v1.2.jpeg", "v1.2"),
        ("v1.2", "v1.2"),
        ("a/.jpg", "a/.jpg"),
        (".png.jpg", ".png"),
    ],
)
def test_plain_stems(name: str, stem: str) -> None:
    assert plain_stem(name) == stem


@pytest.mark.parametrize(
    ("name", "found"),
    [
        (r"cam1\a.png", "cam1/a.png"),
        ("D:/old/cam0/A.PNG", "cam0/a.png"),
        ("a.png", None),  # two fit
        ("cam2/a.png", None),  # another folder
        ("B%20C.jpg", "b c.jpg"),
        ("b c.png", "b c.jpg"),
        ("x/b c.jpg.png", "b c.jpg"),
        (f"strasse/{unicodedata.normalize('NFD', 'é')}.png", "Straße/é.PNG"),
        ("d", "train/d.jpeg"),
        ("val/d.jpeg", None),
        ("e.PNG", "e.png"),  # case is nearer than the suffix
        ("e.bmp", None),
        ("ae.png", None),
        ("", None),
        ("..", None),
        ("/", None),
        ("\ud800.png", None),
    ],
)
def test_one_name_fits_or_none(name: str, found: str | None) -> None:
    assert NearNames(KNOWN).find(name) == found


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("my+photo.png", "my photo.png"),
        ("my photo.png", "my+photo.jpg"),
        ("R&amp;D.png", "R&D.png"),
        ("R&D.png", "x/R&amp;D.png"),
        ("a&#39;b.png", "a'b.png"),
    ],
)
def test_signs_that_stand_for_others(name: str, file: str) -> None:
    assert NearNames([file, "other.png"]).find(name) == file
    assert NearNames(["my+photo.png", "my photo.png"]).find("MY+PHOTO.png") == "my+photo.png"


def test_the_same_path_goes_before_others_that_end_so() -> None:
    assert NearNames(["x/a.png", "a.png"]).find("A.png") == "a.png"
    assert NearNames(["x/a.png", "y/a.png"]).find("A.png") is None


def test_names_that_differ_in_case_alone_fit_only_as_they_are() -> None:
    assert NearNames(["a.png", "A.png"]).find("a.PNG") is None


def test_nothing_is_known() -> None:
    assert not NearNames([])
    assert NearNames(["a"])
    assert NearNames([]).find("a.png") is None


@pytest.mark.parametrize(
    ("value", "plain"),
    [
        (7, 7),
        (7.0, 7),
        ("7", 7),
        (" 7.0 ", 7),
        ("-7", -7),
        ("007", "007"),
        ("7.5", "7.5"),
        (7.5, None),
        ("img_7", "img_7"),
        ("", None),
        (" ", None),
        (True, None),
        (False, None),
        (None, None),
        ([7], None),
        ({"id": 7}, None),
        (float("nan"), None),
        (float("inf"), None),
        (1e20, 10**20),
        ("9" * 5000, "9" * 5000),  # longer than Python turns into a number
    ],
)
def test_plain_ids(value: object, plain: int | str | None) -> None:
    found = plain_id(value)
    assert (found, type(found)) == (plain, type(plain))


@pytest.mark.parametrize(
    ("known", "value", "found"),
    [
        ([139, 140], "000139", 139),
        (["000139", "000140"], 139, "000139"),
        (["000139", "0139"], 139, None),
        (["0139"], "000139", "0139"),
        ([0, 1], "000", 0),
        ([139], "0x139", None),
        ([139], 140, None),
        (["a"], "A", None),
    ],
)
def test_near_ids(known: list[int | str], value: int | str, found: int | str | None) -> None:
    assert NearIds(known).find(value) == found


def test_what_is_told_of_near_names() -> None:
    end = "the one file that nearly fits is taken"
    one = f"1 image is called otherwise in the annotations than on disk, 'A.png': {end}"
    assert nearly_named(1, "A.png") == one
    given = r"..\images\000.png"
    assert nearly_named(6, given) == (
        rf"6 images are called otherwise in the annotations than on disk, such as '..\images\000.png': {end}"
    )
