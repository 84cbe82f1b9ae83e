"""Whether a run's manifest agrees with itself and with the other files of the folder."""

from __future__ import annotations

import re
from dataclasses import asdict
from typing import Any

from forgetbench.derive.catalogue import tables_of
from forgetbench.errors import InputError, SuiteError, brief
from forgetbench.progress import Progress
from forgetbench.proof.verify.findings import CheckResult, SealedRun
from forgetbench.proof.verify.table_comparison import raw_rows
from forgetbench.record.endings import divergences, out_of_patience
from forgetbench.record.folder import run_id
from forgetbench.record.manifest import ArmRecord
from forgetbench.record.seal import SEAL
from forgetbench.suite.arms import Ends, list_arms, reference_arms
from forgetbench.suite.evaluation import evaluation_settings
from forgetbench.suite.kept import kept_labels
from forgetbench.suite.load import recorded_suite
from forgetbench.suite.portable import deciding, portable_suite
from forgetbench.suite.schema import Suite

#: Files of a run that its manifest does not name.
_FREE = re.compile(r"detections/[0-9a-f]{24}\.(safetensors|json)|figures/[^/]+\.(svg|png)")


def check_manifest(subject: SealedRun, check: CheckResult, progress: Progress) -> None:  # noqa: ARG001
    """Check the manifest's form, and everything in it that follows from other values or files.

    Raises:
        CorruptRunError: a value is missing or of another kind.
    """
    manifest = subject.folder.read_manifest()
    identity = manifest["identity"]
    check.expect("manifest.json, id: hash of the identity", manifest["id"], run_id(identity))
    _compare(check, "manifest.json, identity.suite", identity["suite"], deciding(manifest["suite"]))
    try:
        suite = recorded_suite(manifest["suite"])
    except SuiteError as error:
        check.find("manifest.json, suite", str(error))
        return
    _compare(check, "manifest.json, suite", manifest["suite"], portable_suite(suite))
    _compare(check, "manifest.json, evaluation", manifest["evaluation"], asdict(evaluation_settings(suite)))
    for name, about in manifest["models"].items():
        where = f"manifest.json, models.{name}.weights_hash"
        check.expect(where, about["weights_hash"], identity["originals"].get(name))
        try:
            kept_labels(suite.keep or (), about["classes"])
        except InputError as error:
            check.find(f"manifest.json, suite, for {name}", str(error))
    data, known = manifest["data"], identity["target"]
    check.expect("manifest.json, data.train.fingerprint", data["train"]["fingerprint"], known["train"])
    check.expect("manifest.json, data.target.fingerprint", data["target"]["fingerprint"], known["evaluate"])
    first = next(iter(identity["reference"].values()))
    if data["reference"]["fingerprint"] not in identity["reference"].values():
        check.expect("manifest.json, data.reference.fingerprint", data["reference"]["fingerprint"], first)
    packages = manifest["environment"]["packages"]
    for name, version in (("torch", identity["torch"]), ("ultralytics", identity["ultralytics"])):
        found = (packages[name] or "none").partition("+")[0]
        check.expect(f"manifest.json, environment.packages.{name}", found, version.partition("+")[0])
    _check_arms(subject, check, suite)
    _check_list(subject, check, suite)
    _check_claims(subject, check)
    _check_oddities(subject, check)
    check.checked = f"manifest.json against itself, its {len(manifest['arms'])} arms against suite and training records"


def _compare(check: CheckResult, where: str, found: Any, expected: Any) -> None:
    """Compare two nested values and name every leaf that differs."""
    if isinstance(found, dict) and isinstance(expected, dict):
        for key in sorted({*found, *expected}):
            _compare(check, f"{where}.{key}", found.get(key, "nothing"), expected.get(key, "nothing"))
    elif isinstance(found, list) and isinstance(expected, list) and len(found) == len(expected):
        for index, pair in enumerate(zip(found, expected, strict=True)):
            _compare(check, f"{where}[{index}]", *pair)
    else:
        check.expect(where, found, expected)


def _check_arms(subject: SealedRun, check: CheckResult, suite: Suite) -> None:
    """Check the arms against suite and models, and their ends against the training records."""
    manifest = subject.manifest
    models = {model: Ends(about["head"], about["neck"]) for model, about in manifest["models"].items()}
    expected = list(list_arms(suite, models))
    arms = manifest["arms"]
    check.expect("manifest.json, reference_arms", manifest["reference_arms"], reference_arms(suite, models))
    if check.expect("manifest.json, arms", [arm["arm"] for arm in arms], [arm.name for arm in expected]):
        for index, (arm, listed) in enumerate(zip(arms, expected, strict=True)):
            if listed.further is not None:  # where a further arm begins to train, its strategies decide with the model
                listed = listed.from_module(arm["freeze_point"])
            ended = subject.folder.outcomes(arm["model"], arm["seed"])
            for key, value in {**listed.record(), **ended[arm["arm"]]}.items():
                check.expect(f"manifest.json, arms[{index}].{key}", arm.get(key, "nothing"), value)
            problem = _wrong_end(arm, suite.train.epochs)
            if problem is not None:
                check.find(f"manifest.json, arms[{index}]", problem)


def _wrong_end(arm: ArmRecord, epochs: int) -> str | None:
    """Return why an arm cannot have ended as it says; None where it can."""
    trained, patience = arm["epochs"], arm["train"]["patience"]
    if arm["stopped"] is None and not arm["diverged"]:
        return None if trained == epochs else f"trained {trained} of {epochs} epochs, and nothing stopped it"
    reasons = divergences(trained) if arm["diverged"] else (out_of_patience(patience),)
    possible = 1 <= trained <= epochs and arm["stopped"] in reasons and (arm["diverged"] or patience > 0)
    return None if possible else f"cannot have ended after epoch {trained}: found {brief(arm['stopped'])}"


def _check_list(subject: SealedRun, check: CheckResult, suite: Suite) -> None:
    """Check that the seal names exactly the files of a run of this suite.

    Detections and figures are checked with the tables that name them and the report that draws them.
    """
    manifest, folder = subject.manifest, subject.folder
    tables = [folder.table(table.name) for table in tables_of(manifest, subject.sealed)]
    expected = [folder.path / "manifest.json", folder.path / "summary.md", *tables]
    identity = manifest["identity"]
    expected += [folder.annotations(name) for name in (identity["target"]["evaluate"], *identity["reference"].values())]
    for arm in manifest["arms"]:
        model, seed = arm["model"], arm["seed"]
        expected.append(folder.session(model, seed) / "complete.json")
        trained = min(arm["epochs"], suite.train.epochs)
        expected += [folder.record(model, seed, epoch) for epoch in range(1, trained + 1)]
        expected += [folder.checkpoint(arm["arm"], epoch) for epoch in subject.checkpoints[arm["arm"]]]
    names = {path.relative_to(folder.path).as_posix() for path in expected}
    for name in sorted(names - subject.sealed.keys()):
        check.find(name, f"{SEAL} does not name it, and every run of this suite has it")
    for name in sorted(subject.sealed.keys() - names):
        if not _FREE.fullmatch(name):
            check.find(name, "not part of a run of this suite")


def _check_claims(subject: SealedRun, check: CheckResult) -> None:
    asked, resolved = subject.manifest["suite"]["claims"], subject.manifest["claims"]
    if check.expect("manifest.json, claims", [c["name"] for c in resolved], [c["name"] for c in asked]):
        for index, (claim, said) in enumerate(zip(resolved, asked, strict=True)):
            kept = {key: value for key, value in claim.items() if key != "compared"}
            said = {key: value for key, value in said.items() if key not in ("arms", "models", "over", "settings")}
            _compare(check, f"manifest.json, claims[{index}]", kept, said)


def _check_oddities(subject: SealedRun, check: CheckResult) -> None:
    rows = raw_rows(subject.folder.table("oddities.csv"))
    for role in ("target", "reference"):
        counts: dict[str, int] = {}
        for row in rows:
            if row["role"] == role:
                counts[row["kind"]] = counts.get(row["kind"], 0) + 1
        where = f"oddities.csv, {role}: counts by kind against manifest.json"
        check.expect(where, counts, subject.manifest["data"][role]["oddities"])
    unknown = {row["role"] for row in rows} - {"target", "reference"}
    for role in sorted(unknown):
        check.expect("oddities.csv, role", role, "target or reference")
