"""What a file says of itself."""

from pathlib import Path

from forgetbench.record.folder import RunFolder
from forgetbench.ship.about import about
from forgetbench.ship.choice import choose


def test_gain_and_forgetting_come_with_the_intervals_of_the_very_checkpoint(small_run: Path) -> None:
    folder = RunFolder(small_run)
    manifest = folder.read_manifest()
    intervals = folder.table("intervals.csv")
    for epoch in (1, 2):
        choice = choose(manifest, folder.results(), arm="10", epoch=epoch)
        said = about(manifest, folder, choice)
        rows = [line.split(",") for line in intervals.read_text(encoding="utf-8").splitlines()]
        columns = rows[0]
        wanted = {
            "arm": choice.arm["arm"],
            "epoch": str(epoch),
            "attach": "head",
            "quantity": "forgetting",
            "measure": "ap",
        }
        (row,) = [
            cells
            for line in rows[1:]
            for cells in [dict(zip(columns, line, strict=True))]
            if wanted.items() <= cells.items()
        ]
        assert said["forgetting"] == {name: float(row[name]) for name in ("value", "low", "high")}
        assert said["licences"] == {"code": "AGPL-3.0-or-later"}  # the data are drawn
        manifest["data"]["target"]["origin"] = {"card": "an own one", "licence": "CC0"}
        assert about(manifest, folder, choice)["licences"] == {"code": "AGPL-3.0-or-later", "target": "CC0"}
        manifest["data"]["target"]["origin"] = None
        assert said["verify"] == f"forgetbench verify small-{small_run.name}.tar.gz"


def test_a_detector_of_one_side_says_nothing_of_the_other(small_run: Path) -> None:
    folder = RunFolder(small_run)
    manifest = folder.read_manifest()
    both = about(manifest, folder, choose(manifest, folder.results(), arm="10"))
    target = about(manifest, folder, choose(manifest, folder.results(), arm="10", only="target"))
    reference = about(manifest, folder, choose(manifest, folder.results(), arm="10", only="reference"))
    assert (both["only"], target["only"], reference["only"]) == (None, "target", "reference")
    assert both["variant"] == "trained"
    assert "gain" not in reference
    assert "forgetting" not in target
    assert (target["gain"], reference["forgetting"]) == (both["gain"], both["forgetting"])
    assert {**target["ap"], **reference["ap"]} == both["ap"]
