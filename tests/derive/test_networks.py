"""Networks of a run, measured by hand-made detections."""

from pathlib import Path

import numpy as np
import pytest
from support.scored_run import IMAGES, write_run

from forgetbench.derive.networks import Networks
from forgetbench.derive.source import Source
from forgetbench.progress import Silent
from forgetbench.record.folder import RunFolder


def networks(run: RunFolder) -> Networks:
    return Source(run, Silent(), profiles=False).networks


def test_the_originals_come_first_since_their_thresholds_are_everyones(tmp_path: Path) -> None:
    made = networks(write_run(tmp_path))
    assert list(made.files) == [f"{name}.safetensors" for name in ("right", "nothing", "surer", "sunk")]
    assert made.original("m", "one-to-many") == "right.safetensors"


def test_scores_and_rates_at_both_points(tmp_path: Path) -> None:
    made = networks(write_run(tmp_path))
    scored = made.scored("sunk.safetensors")  # found with 0.4, beside false alarms of 0.2
    assert scored.scores["ap"].value == 0.5  # as the results say
    assert (scored.scores["ap"].resampled == 1).all()
    at = {point: network.cells for point, network in scored.points.items()}
    assert (at["0.25"]["right"], at["0.25"]["wrong"], at["0.25"]["recall"]) == (IMAGES, 0, 1.0)
    assert at["best-f1"]["threshold"] == pytest.approx(0.6)  # between what the original finds rightly and wrongly
    assert (at["best-f1"]["right"], at["best-f1"]["recall"]) == (0, 0.0)
    assert scored.scores["recall_at_best_f1"].value == 0.0


def test_files_that_no_result_names_are_scored_from_their_detections(tmp_path: Path) -> None:
    run = write_run(tmp_path)
    run.detections_called("sunk.safetensors").rename(run.detections_called("other.safetensors"))
    manifest = {
        "arms": [], "reference_arms": {}, "resampling_seed": 0, "claims": [],
        "suite": {"evaluation": {"resamples": 3, "scorer": "hotcoco"}},
    }  # fmt: skip
    made = Networks(run, manifest, run.results())  # type: ignore[arg-type]
    found = made.ap("other.safetensors")
    assert found.value == pytest.approx(1.0)
    assert found.resampled.shape == (3,)
    assert np.allclose(found.resampled, 1)
