"""What tables are made of: read once, and in the form that they need."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

from support.scored_run import write_run

from forgetbench.derive.source import Source
from forgetbench.files import write_json
from forgetbench.progress import Silent
from forgetbench.record.folder import RunFolder
from forgetbench.record.rows.scores import TRAINED
from forgetbench.train.epoch_record import EpochRecord


def test_results_are_of_checkpoints_as_they_were_trained(tmp_path: Path) -> None:
    run = write_run(tmp_path)
    header, first, *others, original = run.table("results.csv").read_text().splitlines()
    lines = [f"{header},variant", f"{first},averaged", *(f"{line},{TRAINED}" for line in others), f"{original},"]
    run.table("results.csv").write_text("\n".join(lines) + "\n")
    source = Source(run, Silent())
    assert len(source.folder.results()) == 5
    assert source.results["arm"].tolist() == [line.partition(",")[0] for line in (*others, original)]


def test_records_are_those_of_the_longest_arm_of_each_session(tmp_path: Path) -> None:
    run, arms = RunFolder(tmp_path), list[dict[str, Any]]()
    for name, seed, epochs in (("a", 0, 1), ("b", 0, 2), ("a", 1, 1)):
        arms.append({"arm": f"{name}-{seed}", "model": "m", "seed": seed, "epochs": epochs})
    for seed, epoch in ((0, 1), (0, 2), (0, 3), (1, 1)):
        run.record("m", seed, epoch).parent.mkdir(parents=True, exist_ok=True)
        write_json(run.record("m", seed, epoch), asdict(EpochRecord(epoch)))
    source = Source(run, Silent())
    source.__dict__["manifest"] = {"arms": arms}
    found = [(key, record["epoch"]) for key, record in source.records]
    assert found == [(("m", 0), 1), (("m", 0), 2), (("m", 1), 1)]


def test_all_is_read_once(tmp_path: Path) -> None:
    run = write_run(tmp_path)
    source = Source(run, Silent(), profiles=False)
    assert source.scored.keys() == set(source.networks.files)
    for path in tmp_path.rglob("*"):
        if path.is_file():
            path.unlink()
    assert source.scored.keys() == set(source.networks.files)
    assert len(source.results) == 5
    assert source.evidence is source.evidence
