"""Suites and cards for data of one's own: they load, agree with the data, and run as they were written."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from support.breaking import cut
from support.factories import tiny_original
from support.layouts import tree
from support.owned import CLASSES, OWNED, VOC, YOLO, Owned
from support.standins import write_stand_in

import forgetbench
from forgetbench.cli import main as cli
from forgetbench.data.cards.card import find_card, load_card
from forgetbench.data.formats.coco.coco80 import COCO_NAMES
from forgetbench.data.load import load_data
from forgetbench.errors import InputError, RunError
from forgetbench.model.original import save_original
from forgetbench.plan import new
from forgetbench.plan.new import NewSuite, write_new_suite
from forgetbench.suite.data_section import Data
from forgetbench.suite.load import load_suite

pytestmark = pytest.mark.usefixtures("charts_not_drawn", "nothing_rehearsed")

MODEL = "tiny-yolov8.safetensors"
SMALL = ["train.epochs=1", "train.imgsz=64", "evaluation.max_det=30"]


@pytest.fixture(scope="session")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a small model of COCO's classes, and images of them as data of the card coco-val128."""
    home = tmp_path_factory.mktemp("home")
    save_original(tiny_original(classes=COCO_NAMES), home / "weights" / MODEL)
    write_stand_in(home, find_card("coco-val128", None).card.data, COCO_NAMES, 0, 32)
    return home


@pytest.fixture
def here(weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Be in an empty folder, with weights and a reference at hand."""
    monkeypatch.setenv("FORGETBENCH_DATA", str(weights))
    monkeypatch.delenv("FORGETBENCH_ASSETS", raising=False)
    monkeypatch.setenv("FORGETBENCH_CACHE", str(tmp_path / "cache"))
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    return tmp_path / "here"


def make(path: Path, name: str = "mine", folder: Path | None = None, **options: Any) -> NewSuite:
    return write_new_suite(name, path, folder or Path(), **{"model": MODEL, **options})


def checked(made: NewSuite) -> str:
    """Return what `forgetbench check` says of a suite that it finds sound."""
    small = ["--set", "train.imgsz=64", "--set", "freeze_points=[all-but-head]"]
    done = CliRunner(env={"COLUMNS": "200"}).invoke(cli.main, ["check", str(made.suite), *small])
    assert done.exit_code == 0, done.output
    return done.output


@pytest.mark.parametrize("name", OWNED)
def test_suite_and_card_of_every_layout_load_and_pass_check(here: Path, name: str) -> None:
    owned = OWNED[name]
    made = make(owned.write(here / "my data"))
    assert (made.suite, made.card, made.reference) == (Path("mine.yaml"), Path("mine.card.yaml"), "coco-val128")
    suite, card = load_suite(made.suite).suite, load_card(made.card).card
    file = owned.path or owned.written.get("path", "")
    assert card.data == owned.section(Path("my data", file))
    assert card.class_names == made.data.evaluate.classes
    assert card.images == ({} if "by year" in name and owned.written["format"] == "voc" else made.data.listed)
    assert (suite.target, suite.reference) == (Data(card="mine"), Data(card="coco-val128"))
    found = load_data(suite.target, role="target", suite_folder=here)
    assert found.train is not None
    assert made.data.train is not None
    assert found.train.fingerprint() == made.data.train.fingerprint()
    assert found.report.found == made.data.report.found, "no image or class differs from the card"
    assert "Arms of tiny-yolov8" in checked(made)
    inspected = CliRunner().invoke(cli.main, ["data", "check", str(made.card)])
    assert inspected.exit_code == 0, inspected.output
    assert "differs-from-card" not in inspected.output
    assert max(len(line) for file in (made.suite, made.card) for line in file.read_text().splitlines()) <= 120


def test_new_suite_runs_as_it_was_written(here: Path) -> None:
    made = make(OWNED["yolo, roboflow"].write(here / "my data"))
    run = forgetbench.run(made.suite, overrides=SMALL)
    assert run.complete
    results, manifest = run.results(), run.manifest
    assert run.path.parent == Path("runs", "mine")
    assert set(results["freeze_point"].dropna()) == {22, 10, 0}
    assert set(results["attach"].dropna()) == {"head", "freeze-point"}
    assert (manifest["data"]["target"]["name"], manifest["data"]["reference"]["name"]) == ("mine", "coco-val128")
    assert manifest["data"]["target"]["oddities"] == {"wrong-paths": 2}
    assert manifest["data"]["target"]["classes"] == [*CLASSES]


@pytest.mark.parametrize(
    ("data", "output", "written"),
    [
        ("fruit", ".", "fruit"),
        ("fruit", "", "fruit"),
        ("deep/in/fruit", ".", "deep/in/fruit"),
        (".", ".", "."),
        ("../fruit", ".", None),
        ("fruit", "elsewhere/new", None),
        ("fruit", "fruit/..", "fruit"),
        ("elsewhere/../fruit", ".", "fruit"),
        ("~fruit", ".", None),
    ],
)
def test_data_under_the_output_folder_have_a_relative_path(
    here: Path, monkeypatch: pytest.MonkeyPatch, data: str, output: str, written: str | None
) -> None:
    OWNED["voc"].write((here / data).resolve())
    made = make(Path(data), folder=Path(output))
    path = load_card(made.card).card.path
    assert path == (written or str((here / data).resolve()))
    monkeypatch.chdir("/")  # found from anywhere
    checked(NewSuite(here / made.suite, here / made.card, made.spec, made.data, made.reference))


@pytest.mark.parametrize(
    "name",
    [
        "my data", "a: b", "#x", "it's", '"quoted"', " before and after ", "-", "- a", "x # y", "{a}", "[a, b]", "1e5",
        "~a", "yes", "null", "1", "dätä 梨 🍐", "tab\there", "line\nbreak", "100 %", "two  blanks", "*a", "&a",
        "!a", "a " * 100,
    ],
)  # fmt: skip
@pytest.mark.parametrize("inside", [True, False])
def test_any_folder_name_is_written_so_that_it_is_found(here: Path, name: str, inside: bool) -> None:
    root = OWNED["voc"].write((here if inside else here.parent / "other") / name)
    made = make(root)
    card = load_card(made.card).card
    assert card.path == (name if inside and not name.startswith("~") else str(root))
    assert load_data(Data(card="mine"), role="target", suite_folder=here).report.found == []


def test_an_only_yaml_file_is_still_found_beside_the_new_ones(here: Path) -> None:
    OWNED["yolo, yaml of another name"].write(here)
    made = make(here)
    assert load_card(made.card).card.path == "my.yaml"
    assert load_data(Data(card="mine"), role="target", suite_folder=here).evaluate.classes == CLASSES


def test_the_card_counts_images_as_a_run_does(here: Path) -> None:
    given = Owned(YOLO, {}, change=cut("images/train/000001.png", 500)).write(here / "fruit")
    made = make(given)
    assert load_card(made.card).card.images == {"train": 6, "val": 4}
    assert made.data.report.counts() == {"corrupt-image": 1}
    assert "target: 1 x corrupt-image\n" in (said := checked(made))
    inspected = CliRunner().invoke(cli.main, ["data", "check", str(made.card)]).output
    assert "mine: images of part" not in said + inspected


def test_a_split_is_written_out_for_whoever_wants_another(here: Path) -> None:
    made = make(OWNED["voc, no lists"].write(here / "fruit"))
    assert "  split: {seed: 0, evaluate: 0.2}\n" in made.card.read_text()
    assert load_card(made.card).card.images == {"all": 10}


@pytest.mark.parametrize(
    ("train", "settings"), [(6, (20, 8, 8, 5)), (130, (12, 16, 16, 3)), (170, (9, 16, 16, 2)), (700, (3, 16, 64, 1))]
)
def test_settings_are_those_of_a_first_look(here: Path, train: int, settings: tuple[int, ...]) -> None:
    suite = load_suite(make(Owned(VOC, {}, train=train).write(here / "fruit")).suite).suite
    assert (suite.train.epochs, suite.train.batch, suite.train.nbs, suite.evaluation.every) == settings


@pytest.mark.parametrize(
    ("folders", "expected"),
    [(["coco-val128", "coco"], "coco-val128"), (["coco"], "coco-val500"), ([], "coco-val500")],
)
def test_the_smallest_reference_at_hand_is_taken(
    here: Path, monkeypatch: pytest.MonkeyPatch, weights: Path, folders: list[str], expected: str
) -> None:
    monkeypatch.setenv("FORGETBENCH_DATA", str(here.parent / "data"))
    monkeypatch.setenv("FORGETBENCH_ASSETS", str(here.parent / "assets"))
    (here.parent / "assets").mkdir()
    (here.parent / "assets" / "weights").symlink_to(weights / "weights")
    for folder in folders:
        (here.parent / "data" / folder).mkdir(parents=True)
    given = OWNED["voc"].write(here / "fruit")
    assert make(given).reference == expected
    made = make(given, "other", reference="mine")
    assert load_suite(made.suite).suite.reference == Data(card="mine")


def test_official_weights_need_not_be_here(here: Path) -> None:
    made = write_new_suite("mine", OWNED["voc"].write(here / "fruit"), here)
    assert load_suite(made.suite).suite.models == ["yolov8n.pt"]
    assert "not here: yolov8n.pt. Official weights" in checked(made)


@pytest.mark.parametrize("place", ["mine.yaml", "mine.card.yaml", "cards/mine.yaml", "dangling"])
def test_existing_files_are_never_touched(here: Path, place: str) -> None:
    given = OWNED["voc"].write(here / "fruit")
    (here / "cards").mkdir()
    if place == "dangling":
        (here / "mine.yaml").symlink_to("nowhere")
    else:
        (here / place).write_text("precious")
    before = tree(here)
    with pytest.raises(InputError, match=r"exists already\. Choose another name, or remove the file\.$"):
        make(given)
    assert tree(here) == before


def test_of_two_files_none_is_kept_if_one_cannot_be_written(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given, written = OWNED["voc"].write(here / "fruit"), iter([False, True])

    def until_the_disk_is_full(_: int) -> None:
        if next(written):
            raise OSError(28, "No space left on device")

    monkeypatch.setattr("forgetbench.files.os.fsync", until_the_disk_is_full)
    with pytest.raises(RunError, match=r"mine\.yaml: cannot be written; found no room is left on the disk\. Make"):
        make(given)
    assert sorted(path.name for path in here.iterdir()) == ["fruit"]


def test_no_data_are_read_before_all_else_is_known_to_be_right(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*arguments: object) -> None:
        raise AssertionError

    monkeypatch.setattr(new, "recognise", refuse)
    (here / "mine.yaml").write_text("")
    for options in ({"name": "mine"}, {"name": "../x"}, {"model": "absent.pt"}, {"reference": "absent"}):
        given: dict[str, Any] = {"name": "other", **options}
        with pytest.raises(InputError):
            make(here, **given)


@pytest.mark.assets
@pytest.mark.parametrize(
    ("name", "section", "parts"),
    [
        ("bccd", {"format": "voc", "train": "train", "evaluate": "val"}, {"train": 205, "val": 87}),
        ("fruit9", {"format": "yolo", "train": "train", "evaluate": "val"}, {"train": 52, "val": 9}),
    ],
)
def test_real_data_run_as_they_are(
    assets: Path, tmp_path: Path, name: str, section: dict[str, str], parts: dict[str, int]
) -> None:
    made = write_new_suite(name, assets / name, tmp_path)
    card = load_card(made.card).card
    shipped = find_card(name, None).card
    assert card.data == Data.model_validate({**section, "path": str(assets / name)})
    assert (card.class_names, card.images) == (shipped.class_names, parts)
    assert "differs-from-card" not in checked(made)
    few = ["train.epochs=1", "train.imgsz=160", "reference.limit=32"]
    run = forgetbench.run(made.suite, overrides=few, output=tmp_path / "runs")
    results = run.results()
    original = results.loc[results["arm"] == "original", "ap"].item()
    assert original > 0.05
    reference = results[(results["role"] == "reference") & (results["arm"] != "original")]
    ap = reference.set_index(["freeze_point", "attach"])["ap"]
    assert ap[22, "head"] == ap[10, "freeze-point"] == original
    assert ap[0, "head"] < original
    assert run.manifest["data"]["target"]["oddities"] == made.data.report.counts()
