"""Every shipped suite: checked without its data, and run for real on small stand-ins of the same format and layout."""

from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from click.testing import CliRunner
from support.factories import tiny_original
from support.standins import write_stand_in

import forgetbench
from forgetbench.cli import main as cli
from forgetbench.data.cards.card import find_card
from forgetbench.data.formats.coco.coco80 import COCO_NAMES
from forgetbench.model.original import save_original
from forgetbench.plan.models import open_untrained
from forgetbench.suite.load import load_suite
from forgetbench.suite.vary import settings_of

pytestmark = pytest.mark.usefixtures("charts_not_drawn")

SUITES = Path(__file__).parents[2] / "suites"
#: Suites on data that are not drawn, and the families their models are of here.
ON_DATA = {
    "bccd": ["yolov8"],
    "bccd-optimizers": ["yolov8"],
    "birds-nest": ["yolov8"],
    "classify-only": ["yolov8"],
    "fruit": ["yolov8"],
    "fruit9": ["yolov8"],
    "grapes": ["yolov8"],
    "insplad": ["yolov8", "yolov10"],
    "substation": ["yolov10"],
    "valid": ["yolov8"],
    "voc": ["yolov5"],
}
#: What is trained and evaluated on, where the data's own split matters.
PARTS = {
    "bccd": ("train", "val"),
    "bccd-optimizers": ("train", "val"),
    "grapes": ("train", "test"),
    "voc": ("VOC2007/trainval+VOC2012/trainval", "VOC2007/test"),
    "fruit": ("train", "evaluate"),
}
#: Where a card leaves the classes open.
CLASSES = ("pole", "tower", "nest")


def test_all_suites_on_data_are_covered() -> None:
    assert set(ON_DATA) == {path.stem for path in SUITES.glob("*.yaml") if not path.stem.startswith("quickstart")}


@pytest.fixture
def away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make a place where no data are."""
    for variable in ("FORGETBENCH_ASSETS", "FORGETBENCH_DATA"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("FORGETBENCH_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(scope="module")
def untrained_once() -> Iterator[None]:
    """Give models that are not here random weights once: several suites have the same eight."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("forgetbench.plan.models.open_untrained", cache(open_untrained))
        yield


@pytest.mark.usefixtures("untrained_once")
@pytest.mark.parametrize("name", ON_DATA)
def test_check_without_data_says_what_is_missing_and_how_to_get_it(away: Path, name: str) -> None:
    suite = load_suite(SUITES / f"{name}.yaml").suite
    done = CliRunner().invoke(cli.main, ["check", str(SUITES / f"{name}.yaml")])
    assert done.exit_code == 0, done.output
    for section in (suite.target, suite.reference):
        found = find_card(section.card or "", None)
        line = next(line for line in done.output.splitlines() if f"not here: {section.card}. " in line)
        told = (
            f"forgetbench data fetch {section.card}" if found.card.archives else (found.card.by_hand or "").split()[0]
        )
        assert told in line
        assert str(away / "cache" / "data" / found.card.path) in line
    assert f"not here: {', '.join(suite.models)}. Official weights" in done.output
    assert done.output.count("Arms of ") == len(suite.models)
    rows = [line for line in done.output.splitlines() if line.rstrip().endswith(" %")]
    assert len(rows) == len(suite.models) * len(settings_of(suite.vary)) * (len(suite.freeze_points) + len(suite.arms))
    named = find_card(suite.target.card or "", None).card.class_names
    assert ("counted with the original's 80 classes" in done.output) is (named is None)
    assert ("warmup_bias_lr is 0.1 with AdamW" in done.output) is (name == "bccd-optimizers")
    assert list(away.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "shares"),
    [
        ("bccd", {"all-but-head (22)": "28.0", "15": "54.7", "none (0)": "100.0"}),  # its card has three classes
        ("birds-nest", {"all-but-head (22)": "28.4", "backbone (10)": "59.7", "scratch (0)": "100.0"}),  # has none
    ],
)
@pytest.mark.usefixtures("away")
def test_check_without_data_counts_the_head_that_the_card_asks_for(name: str, shares: dict[str, str]) -> None:
    done = CliRunner().invoke(cli.main, ["check", str(SUITES / f"{name}.yaml"), "--set", "models=[yolov8n.pt]"])
    rows = [line.rpartition(" %")[0] for line in done.output.splitlines() if line.rstrip().endswith(" %")]
    counted = {row.rpartition(" ")[0].strip(): row.rpartition(" ")[2] for row in rows}
    assert {label: counted[label] for label in shares} == shares


def test_check_says_that_a_package_is_missing(away: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("forgetbench.plan.outline.find_spec", lambda _name: None)
    models = "models=[yolov8n.pt]"
    done = CliRunner().invoke(cli.main, ["check", str(SUITES / "insplad.yaml"), "--set", models])
    assert done.exit_code == 0, done.output
    assert "not here: the package grad-cam. Install it with `pip install 'forgetbench[cam]'`" in done.output


@pytest.mark.parametrize("name", ON_DATA)
def test_suite_runs_on_a_stand_in_of_its_data(away: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv("FORGETBENCH_DATA", str(away / "data"))
    suite = load_suite(SUITES / f"{name}.yaml").suite
    cards = [find_card(section.card or "", None).card for section in (suite.target, suite.reference)]
    for card, train, evaluate in zip(cards, (16, 0), (12, 32), strict=True):
        write_stand_in(away / "data", card.data, card.class_names or CLASSES, train, evaluate)
    models = []
    for family in ON_DATA[name]:
        save_original(tiny_original(family, COCO_NAMES), away / f"{family}.safetensors")
        models.append(f"{family}.safetensors")
    overrides = [
        f"models=[{', '.join(models)}]", "seeds=[0]", "train.epochs=1", "train.imgsz=64", "train.batch=8",
        "train.workers=0", "evaluation.every=1", "evaluation.imgsz=64", "evaluation.max_det=30",
        "evaluation.resamples=50",
    ]  # fmt: skip
    if suite.cam is not None:
        overrides.append("cam.images=1")
    run = forgetbench.run(SUITES / f"{name}.yaml", overrides=overrides, output=away / "runs")
    assert run.complete
    manifest, results = run.manifest, run.results()
    arms = results[results["arm"] != "original"]
    trained = len(models) * len(settings_of(suite.vary)) * (len(suite.freeze_points) + len(suite.arms))
    assert len(set(arms["arm"])) == trained
    assert arms.loc[arms["role"] == "target", "ap"].notna().all()
    assert manifest["data"]["train"]["name"] == suite.target.card
    assert manifest["data"]["reference"]["name"] == suite.reference.card
    assert manifest["data"]["reference"]["classes"] == list(COCO_NAMES)
    expected = cards[0].class_names or CLASSES
    assert manifest["data"]["target"]["classes"] == list(expected)
    if name in PARTS:
        assert (manifest["data"]["train"]["split"], manifest["data"]["target"]["split"]) == PARTS[name]
    # the only oddity is that stand-ins are smaller than what their cards say
    odd = {kind for data in ("target", "reference") for kind in manifest["data"][data]["oddities"]}
    assert odd <= {"differs-from-card"}
    untouched = results[(results["role"] == "reference") & (results["attach"] == "freeze-point")]
    for model, rows in results[results["arm"] == "original"].groupby("model"):
        assert set(untouched.loc[untouched["model"] == model, "detections"]) == set(rows["detections"])
    maps = {path.name for path in (run.path / "figures").glob("cam-*.png")}
    assert bool(maps) == (suite.cam is not None)
