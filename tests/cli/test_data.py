"""`forgetbench data`: what users see of cards."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from support.factories import written_suite
from support.layouts import write_yolo
from support.served import Served, card, write_card, zipped

from forgetbench.cli import main as cli
from forgetbench.data.cards.card import find_card

pytestmark = pytest.mark.usefixtures("charts_not_drawn")

BOX = "0 0.5 0.5 0.2 0.4\n"


def call(*arguments: object, columns: int = 200) -> Result:
    return CliRunner(env={"COLUMNS": str(columns)}).invoke(
        cli.main, ["data", *(str(argument) for argument in arguments)]
    )


def archive(folder: Path) -> bytes:
    """Return a zip of a dataset of two parts, three images in all."""
    for part, count in (("train", 2), ("val", 1)):
        labels = {f"{part}{index}.png": BOX for index in range(count)}
        write_yolo(folder / "made", labels, f"images/{part}", f"labels/{part}")
    files = [path for path in (folder / "made").rglob("*") if path.is_file()]
    return zipped(folder, {path.relative_to(folder).as_posix(): path.read_bytes() for path in files})


@pytest.fixture
def fruit(served: Served, tmp_path: Path) -> Path:
    """Return the file of a card whose data can be fetched, in the current folder."""
    archives = [{"url": served.add("fruit.zip", archive(tmp_path)), "top": "made"}]
    content = card(by_hand=..., archives=archives, most_bytes=10_000, images={"train": 2, "val": 1})
    return write_card(tmp_path, content)


def test_list_fits_80_columns(fruit: Path) -> None:
    done = call("list", columns=80)
    assert done.exit_code == 0, done.output
    lines = done.output.splitlines()
    assert max(len(line) for line in lines) <= 80
    assert lines[0].split() == ["card", "what", "images", "classes", "licence", "state"]
    rows = {line.split()[0]: line for line in lines if not line.startswith(" ")}
    # No number, name or state is cut or broken.
    assert rows["coco-val2017"].split()[-1] == "fetchable"
    assert "5,000" in rows["coco-val2017"]
    assert rows["insplad"].endswith("by hand  ")
    assert rows["fruit"].split() == ["fruit", "Some", "fruit", "3", "2", "CC0", "fetchable"]
    assert rows["valid"].count("–") == 2


def test_list_says_what_is_here_and_where_to_read_of_it(fruit: Path, tmp_path: Path) -> None:
    (tmp_path / "fruit").mkdir()
    lines = [line.strip() for line in call("list", "-v").output.splitlines()]
    row = next(index for index, line in enumerate(lines) if line.startswith("fruit "))
    assert lines[row].endswith("present")
    assert lines[row + 1] == "https://example.org/fruit"


def test_fetch_path_and_check(fruit: Path, tmp_path: Path) -> None:
    absent = call("path", "fruit")
    assert (absent.exit_code, absent.stdout) == (2, "")
    assert "Run 'forgetbench data fetch" in absent.stderr
    place = tmp_path / "data" / "fruit"
    fetched = call("fetch", "fruit")
    assert fetched.exit_code == 0, fetched.output
    first, *_, last = fetched.output.splitlines()
    assert first == "Some fruit; licence: CC0; see https://example.org/fruit"
    assert "downloading fruit.zip" in fetched.output
    assert last == f"fruit is now in {place}"
    assert call("path", "fruit").output == f"{place}\n"
    assert call("path", fruit).output == f"{place}\n"
    assert call("fetch", "fruit").output == f"fruit is there already: {place}\n"
    assert call("fetch", "fruit", "-q").output == ""
    checked = call("check", "fruit")
    assert checked.exit_code == 0, checked.output
    assert [line.split() for line in checked.output.splitlines()] == [
        ["fruit:", "Some", "fruit,", "in", str(place)],
        ["part", "images", "card", "says", "boxes"],
        ["train", "2", "2", "2"],
        ["val", "1", "1", "1"],
        ["2", "classes", "(the", "card", "agrees):", "apple,", "pear"],
        [],
    ]


def test_check_says_what_differs_and_goes_on_after_an_error(fruit: Path, tmp_path: Path) -> None:
    write_yolo(tmp_path / "fruit", {"a.png": BOX, "b.png": None})
    read = {"format": "yolo", "path": "fruit", "names": ["pear", "apple"]}
    write_card(tmp_path, card(data=read, images={"all": 3}))
    write_card(tmp_path, card("absent"), "absent")
    done = call("check", "absent", "nowhere", "fruit")
    assert done.exit_code == 2
    first, second = done.stderr.splitlines()
    assert first.startswith("error: absent: data not found")
    assert second.startswith("error: nowhere: no such card")
    assert "all        2          3      1" in done.stdout
    assert "2 classes (the card differs): pear, apple" in done.stdout
    assert "fruit: 2 x differs-from-card" in done.stdout
    assert "fruit: images of part 'all': expected 3, found 2" in done.stdout
    assert "fruit: 1 x image-without-label" in done.stdout


def test_check_of_a_split_counts_both_sides(fruit: Path, tmp_path: Path) -> None:
    write_yolo(tmp_path / "fruit", {f"{index}.png": BOX for index in range(5)})
    read = {"format": "yolo", "path": "fruit", "names": ["apple", "pear"], "split": {"evaluate": 0.4}}
    write_card(tmp_path, card(data=read, images={"all": 5}, classes=None))
    lines = [line.split() for line in call("check", "fruit").output.splitlines()]
    assert [line for line in lines if line[:1] in (["train"], ["evaluate"], ["all"])] == [
        ["train", "3", "–", "3"],
        ["evaluate", "2", "–", "2"],
        ["all", "5", "5", "5"],
    ]
    assert ["2", "classes", "(the", "card", "does", "not", "name", "them):", "apple,", "pear"] in lines


def test_fetch_by_hand_says_what_and_where(tmp_path: Path, served: Served) -> None:
    done = call("fetch", "insplad")
    assert done.exit_code == 2
    assert done.stderr.startswith("error: insplad: no command can fetch this. Download InsPLAD_Dataset.zip")
    assert f"the folder is {tmp_path / 'data' / 'insplad'} (licence: CC BY-NC 3.0)" in done.stderr
    assert done.stderr.count("\n") == 1
    assert served.asked == []


def test_data_beside_an_own_card_are_found(tmp_path: Path, served: Served) -> None:
    (tmp_path / "suites" / "fruit").mkdir(parents=True)
    file = write_card(tmp_path / "suites", card())
    assert call("path", file).output == f"{tmp_path / 'suites' / 'fruit'}\n"


def test_usage() -> None:
    assert all(f"  {name}" in call("--help").output for name in ("list", "fetch", "check", "path"))
    for arguments in (("fetch",), ("check",), ("path", "a", "b"), ("lists",)):
        assert call(*arguments).exit_code == 2


def test_a_run_fetches_and_records_where_its_data_came_from(fruit: Path, tmp_path: Path, served: Served) -> None:
    target = {"card": "fruit", "format": None, "world": None}
    suite = written_suite(tmp_path, target=target, freeze_points=["all-but-head"])
    checked = CliRunner().invoke(cli.main, ["check", str(suite)])
    assert checked.exit_code == 0
    assert f"not here: fruit. Run 'forgetbench data fetch {fruit}'" in checked.output
    assert served.asked == []
    done = CliRunner().invoke(cli.main, ["run", str(suite), "--set", "train.epochs=1", "-o", str(tmp_path / "runs")])
    assert done.exit_code == 0, done.output
    manifest = json.loads(next((tmp_path / "runs").glob("*/*/manifest.json")).read_text())
    pins = json.loads((tmp_path / "data" / "forgetbench-data.lock.json").read_text())
    ((url, pin),) = pins.items()
    assert manifest["data"]["reference"]["origin"] is None
    for role in ("train", "target"):
        assert manifest["data"][role]["name"] == "fruit"
        assert manifest["data"][role]["origin"] == {
            "card": "fruit",
            "licence": "CC0",
            "source": "https://example.org/fruit",
            "archives": {url: pin["sha256"]},
        }


def test_cards_come_with_the_package() -> None:
    assert find_card("bccd", None).path.parent == Path(cli.__file__).parents[1] / "data" / "cards"
