"""What is said of settings and data."""

from pathlib import Path

from support import madeup_run

from forgetbench.report.markdown import markdown
from forgetbench.report.sections.settings import section
from forgetbench.report.view import read_view


def test_settings_versions_machine_and_data(tmp_path: Path) -> None:
    assert markdown(section(read_view(madeup_run.write_run(tmp_path)))).splitlines() == [
        "## Settings",
        "",
        "- epochs 2, imgsz 64, batch 4, nbs 4, optimizer SGD, lr0 0.01, lrf 0.01, warmup_bias_lr –, seeds 0, class "
        "rows copied by name: False",
        "- evaluation: conf 0.001, imgsz 64",
        "- torch 2.0; cpu, P, 2 threads",
        "",
        "## Data",
        "",
        "- target: berries (val), 4 images, 9 boxes; 2 zero-area-box",
        "- reference: things (val), 4 images, 9 boxes",
    ]


def test_varied_settings_and_further_arms_are_listed(tmp_path: Path) -> None:
    about = madeup_run.manifest()
    for arm, rate in zip(about["arms"], (0.0, 0.1), strict=True):
        arm |= {"setting": f"lr0={rate}", "train": {"warmup_bias_lr": rate}}
    strategy = {"only": ["class", "head"], "unfreeze": {4: "backbone"}, "layerwise": 0.8}
    own = {"name": "own", "freeze_point": "none", "strategy": strategy, "train": {"lr0": None, "lrf": 0.5}}
    about["suite"]["arms"] = [{**own, "pretrained": False}]
    text = markdown(section(read_view(madeup_run.write_run(tmp_path, about=about))))
    assert "warmup_bias_lr 0 or 0.1," in text
    assert "- each arm under: lr0=0.0; lr0=0.1\n" in text
    own_line = "- own: freeze point none, only class head, unfreeze 4: backbone, layerwise 0.8, lrf 0.5, random weights"
    assert f"{own_line}\n" in text
