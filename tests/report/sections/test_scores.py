from pathlib import Path

from support import madeup_run
from support.reported import summary_of, terminal_of

from forgetbench.report.write import write_report


def test_the_terminal_table(tmp_path: Path) -> None:
    ((title, header, rows, remarks),) = terminal_of(madeup_run.write_run(tmp_path))
    assert title == "yolo: berries against things"
    assert header[:4] == ["freeze point (1 seed)", "trainable", "target AP", "gain"]
    assert header[4:] == ["forgetting, head", "forgetting, freeze-point"]
    assert rows == [
        ["all-but-head (22)", "25.0 %", "40.0", "0", "0", "0"],
        ["backbone (10)", "60.0 %", "55.0", "+15.0", "20.0", "0"],
    ]
    assert remarks[0].startswith("Original: AP 50.0 on things (4 images, 9 boxes).")
    assert any("One seed: how much these numbers vary from seed to seed is unknown." in remark for remark in remarks)


def test_a_table_of_a_model_with_two_heads_says_which_one_it_is_of(tmp_path: Path) -> None:
    about = madeup_run.manifest()
    assert not any("8.4.142" in remark for remark in terminal_of(madeup_run.write_run(tmp_path))[0][3])
    about["models"]["yolo"]["two_heads"] = True
    folder = madeup_run.write_run(tmp_path, about=about)
    lines = (folder / "results.csv").read_text().splitlines()
    both = lines + [line.replace("one-to-many", "one-to-one") for line in lines[1:]]
    (folder / "results.csv").write_text("\n".join(both) + "\n")
    many, one = terminal_of(folder)
    assert many[0] == "yolo, one-to-many head: berries against things"
    assert [remark for remark in many[3] if "head," in remark] == [
        "This is the one-to-many head, with suppression, which `yolo val` scores by default since Ultralytics 8.4.142; "
        "before, it scored the one-to-one head."
    ]
    assert one[0] == "yolo, one-to-one head: berries against things"
    assert [remark for remark in one[3] if "head," in remark] == [
        "This is the one-to-one head, without suppression; since Ultralytics 8.4.142 `yolo val` scores the one-to-many "
        "head unless told `nms=False`."
    ]


def test_intervals_stand_behind_what_they_are_of(tmp_path: Path) -> None:
    evidence = [
        madeup_run.evidence_row("gain", 0.15, 0.11, 0.19),
        madeup_run.evidence_row("forgetting", 0.2, 0.12, 0.27),
        madeup_run.evidence_row("forgetting", 0.0, 0.0, 0.0, attach="freeze-point", by_construction=True),
        madeup_run.evidence_row("gain", 0.15, 0.4, 0.5, measure="ap50"),
    ]
    ((_, _, rows, _),) = terminal_of(madeup_run.write_run(tmp_path, evidence=evidence))
    assert rows[1][3:] == ["+15.0 [11.0, 19.0]", "20.0 [12.0, 27.0]", "0"]
    assert rows[0][3:] == ["0", "0", "0"]
    text = summary_of(tmp_path)
    assert "### yolo: how sure" in text
    assert "| gain of backbone (10) against all-but-head (22) |  | AP50 | +15.0 | [40.0, 50.0] |" in text
    assert "| forgetting of backbone (10) against original | head | AP | 20.0 | [12.0, 27.0] |" in text
    assert "against original | freeze-point" not in text  # zero by construction
    assert "what another seed would have given is unknown" in text


def test_several_seeds_show_their_intervals_too(tmp_path: Path) -> None:
    target = {(22, 0, 1): 0.2, (10, 0, 1): 0.3, (22, 1, 1): 0.2, (10, 1, 1): 0.5}
    reference = {(22, 0, 1): 0.5, (10, 0, 1): 0.4, (22, 1, 1): 0.5, (10, 1, 1): 0.2}
    about = madeup_run.manifest(seeds=(0, 1))
    evidence = [
        madeup_run.evidence_row("gain", 0.2, 0.15, 0.25, seeds=2, seeds_low=0.1, seeds_high=0.3, low=0.0, high=0.4)
    ]
    ((_, _, rows, remarks),) = terminal_of(
        madeup_run.write_run(tmp_path, about=about, target=target, reference=reference, evidence=evidence)
    )
    assert rows[1][3:5] == ["+20.0 [0, 40.0]", "20.0"]
    assert "| AP | +20.0 | [15.0, 25.0] | [10.0, 30.0] | [0, 40.0] |" in summary_of(tmp_path)
    assert any("Means over 2 seeds" in remark for remark in remarks)


def test_arms_that_ended_early_or_skipped_steps_are_named(tmp_path: Path) -> None:
    about = madeup_run.manifest()
    about["arms"][1] |= {"stopped": "weights were no longer finite after epoch 2", "skipped_steps": 3}
    ((_, _, _, remarks),) = terminal_of(madeup_run.write_run(tmp_path, about=about))
    assert "yolo-freeze10-seed0 ended early: weights were no longer finite after epoch 2." in remarks
    assert "yolo-freeze10-seed0 left out 3 steps whose gradient was not finite." in remarks


def test_without_a_reference_arm_there_is_no_gain(tmp_path: Path) -> None:
    about = madeup_run.manifest(reference_arms={})
    folder = madeup_run.write_run(tmp_path, about=about)
    ((_, _, rows, remarks),) = terminal_of(folder)
    assert [row[3] for row in rows] == ["–", "–"]
    assert any("no gain to measure" in remark for remark in remarks)
    assert not [path for path in write_report(folder) if path.name.startswith("gain-forgetting")]
