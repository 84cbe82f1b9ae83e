"""Every attach point of one run: what is evaluated, what it costs, and that each is taken home as it was scored."""

from pathlib import Path

import pytest
from support.factories import tiny_suite

import forgetbench
from forgetbench.ship.export import export_run

HEAD = 22


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> forgetbench.Run:
    """Return a run of a small YOLOv8 under all attach points."""
    folder = tmp_path_factory.mktemp("all")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FORGETBENCH_CACHE", str(tmp_path_factory.getbasetemp() / "cache"))
        suite = tiny_suite(folder, attach_points="all", freeze_points=["all-but-head", "none"], train={"epochs": 1})
        return forgetbench.run(suite, output=folder / "runs")


def test_each_module_is_an_attach_point_and_equal_networks_are_evaluated_once(run: forgetbench.Run) -> None:
    results = run.results()
    rows = results[(results["role"] == "reference") & (results["arm"] != "original")]
    listed = ["head", *map(str, range(HEAD - 1, 0, -1)), "freeze-point"]
    assert {name: list(of["attach"]) for name, of in rows.groupby("arm")} == dict.fromkeys(rows["arm"].unique(), listed)
    original = results.loc[results["arm"] == "original", "detections"].item()
    whole = rows[rows["freeze_point"] == HEAD]
    assert set(whole["detections"]) == {original}  # nothing below its head is its own
    deep = rows[rows["freeze_point"] == 0].set_index("attach")["detections"]
    assert deep["freeze-point"] == original
    empty = {"20": "21", "17": "18", "14": "15", "13": "15", "11": "12", "10": "12"}  # those hold no parameters
    assert {index: deep[other] for index, other in empty.items()} == {index: deep[index] for index in empty}
    assert deep.nunique() == HEAD + 1 - len(empty)


def test_it_verifies_and_the_report_has_panels_for_the_ends_alone(run: forgetbench.Run) -> None:
    assert forgetbench.verify(run).findings == []
    summary = (run.path / "summary.md").read_text(encoding="utf-8")
    assert (
        "| reference AP, head | forgetting, head | reference AP, freeze-point | forgetting, freeze-point |" in summary
    )
    assert (run.path / "figures" / "price-tiny-yolov8.png").is_file()


@pytest.mark.parametrize("attach", ["18", "15", "1"])
def test_any_of_them_is_taken_home(run: forgetbench.Run, tmp_path: Path, attach: str) -> None:
    here = [f"models=[{run.path.parents[2] / 'tiny-yolov8.yaml'}]"]
    made = export_run(run.path, tmp_path / "mine.pt", arm="none", attach=attach, check="full", overrides=here)
    assert all(one.alike for one in made.compared)
    module = made.choice.attach
    price = next(
        offer.price
        for offer in forgetbench.price(run).offers
        if (offer.label, offer.price.attach) == ("none (0)", module)
    )
    assert price.module == int(attach)
