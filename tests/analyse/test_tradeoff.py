from pathlib import Path

import pytest
from support import madeup_run

from forgetbench.analyse.tradeoff import Point, outcomes, tradeoff
from forgetbench.record.table_files import read_tables


def points(folder: Path, reference_arms: dict[str, int] | None = None, **tables: object) -> list[Point]:
    run = read_tables(madeup_run.write_run(folder, **tables))  # type: ignore[arg-type]
    return tradeoff(run.results, run.manifest["arms"], {"yolo": 22} if reference_arms is None else reference_arms)


def test_every_checkpoint_has_a_point_per_attach_point(tmp_path: Path) -> None:
    found = {(p.treatment.freeze_point, p.epoch, p.attach): p for p in points(tmp_path)}
    assert len(found) == 2 * 2 * 2
    deep = found[10, 2, "head"]
    assert deep.target_ap == 0.55
    assert deep.reference_ap == 0.30
    assert deep.gain == pytest.approx(0.15)
    assert deep.forgetting == pytest.approx(0.20)
    assert found[10, 2, "freeze-point"].forgetting == 0


def test_gain_is_over_the_reference_arms_last_checkpoint(tmp_path: Path) -> None:
    found = {(p.treatment.freeze_point, p.epoch): p.gain for p in points(tmp_path) if p.attach == "head"}
    assert found == pytest.approx({(22, 1): -0.2, (22, 2): 0.0, (10, 1): -0.1, (10, 2): 0.15})


def test_gain_is_against_the_same_seed(tmp_path: Path) -> None:
    target = {(22, 0, 1): 0.2, (10, 0, 1): 0.3, (22, 1, 1): 0.1, (10, 1, 1): 0.5}
    reference = dict.fromkeys(target, 0.4)
    found = points(tmp_path, target=target, reference=reference)
    gains = {(p.treatment.freeze_point, p.seed): p.gain for p in found if p.attach == "head"}
    assert gains == pytest.approx({(22, 0): 0, (10, 0): 0.1, (22, 1): 0, (10, 1): 0.4})


def test_what_was_not_measured_is_none_never_zero(tmp_path: Path) -> None:
    without_arm = points(tmp_path / "a", reference_arms={})
    assert {p.gain for p in without_arm} == {None}
    unscored = points(tmp_path / "b", original=None)
    assert {p.forgetting for p in unscored} == {None}
    gap = points(tmp_path / "c", reference={**madeup_run.REFERENCE, (10, 0, 2): None})
    assert [p.forgetting for p in gap if (p.treatment.freeze_point, p.epoch, p.attach) == (10, 2, "head")] == [None]


def test_outcomes_are_the_last_checkpoints_averaged_over_seeds(tmp_path: Path) -> None:
    target = {(22, 0, 1): 0.2, (22, 1, 1): 0.2, (10, 0, 1): 0.1, (10, 0, 2): 0.3, (10, 1, 1): 0.5}
    reference = {(22, 0, 1): 0.5, (22, 1, 1): 0.5, (10, 0, 1): 0.0, (10, 0, 2): 0.4, (10, 1, 1): 0.2}
    found = outcomes(points(tmp_path, target=target, reference=reference))
    ended = {(o.treatment.freeze_point, o.attach): o for o in found}
    deep = ended[10, "head"]
    assert deep.seeds == 2
    assert deep.target_ap == pytest.approx(0.4)
    assert deep.gain == pytest.approx(0.2)
    assert deep.forgetting == pytest.approx(0.2)
