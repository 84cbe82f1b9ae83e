"""A run's detections and the annotations they are scored against: read, checked against their description, scored."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from forgetbench.data.annotations import read_annotations
from forgetbench.data.dataset import Dataset
from forgetbench.errors import CorruptRunError
from forgetbench.evaluate.average_precision import Scores, ground_truth, score
from forgetbench.evaluate.detections import load_detections, problem_on
from forgetbench.evaluate.keys import evaluation_key, module_key, network_key
from forgetbench.evaluate.scorers import GroundTruth
from forgetbench.proof.verify.findings import CheckResult, SealedRun
from forgetbench.proof.verify.table_comparison import raw_rows
from forgetbench.record.rows.scores import ORIGINAL


@dataclass(frozen=True)
class Evaluated:
    """A detections file.

    Attributes:
        file: Its name.
        dataset: What was looked at.
        data: That dataset's fingerprint.
        head: Which of the head's stacks gave the detections.
        modules: Hash of the tensors of each of the network's modules.
        scores: Its scores, computed here.
    """

    file: str
    dataset: Dataset
    data: str
    head: str
    modules: list[str]
    scores: Scores


class Evaluations:
    """The detections of a run, each file read and scored once; faults become findings of the check.

    Attributes:
        known: What could be scored, by name of the file.
        named: Names of all files asked for.
    """

    def __init__(self, subject: SealedRun, check: CheckResult) -> None:
        self._subject, self._check = subject, check
        self.known: dict[str, Evaluated] = {}
        self.named: set[str] = set()
        identity = subject.manifest["identity"]
        self._data = {("target", model): identity["target"]["evaluate"] for model in subject.manifest["models"]}
        self._data |= {("reference", model): fingerprint for model, fingerprint in identity["reference"].items()}
        self._truths: dict[str, tuple[Dataset, GroundTruth]] = {}
        for fingerprint in dict.fromkeys(self._data.values()):
            self._read_annotations(fingerprint)
        self._check_described()
        results = raw_rows(subject.folder.table("results.csv"))
        self._originals = {row["model"]: row["detections"] for row in results if row["arm"] == ORIGINAL}

    def of(self, file: str, cells: dict[str, Any], where: str) -> Evaluated | None:
        """Return the detections that a row of the results names, None if they cannot be scored."""
        if file not in self.named:
            self.named.add(file)
            try:
                evaluated = self._read(file)
            except CorruptRunError as error:
                self._check.find(f"detections/{file}", f"{error.problem}: {error.found}")
                return None
            if evaluated is not None:
                self.known[file] = evaluated
        found = self.known.get(file)
        if found is not None:
            self._check.expect(f"{where}, detections: data", found.data, self._data[cells["role"], cells["model"]])
            self._check.expect(f"{where}, detections: head", found.head, cells["head"])
        return found

    def original(self, model: str) -> list[str] | None:
        """Return the hashes of the original's modules, None if its detections are not readable."""
        found = self.known.get(self._originals.get(model, ""))
        return None if found is None else found.modules

    def _read_annotations(self, fingerprint: str) -> None:
        path = self._subject.folder.annotations(fingerprint)
        name = path.relative_to(self._subject.folder.path).as_posix()
        try:
            dataset, computed = read_annotations(path)
        except CorruptRunError as error:
            self._check.find(name, f"{error.problem}: {error.found}")
            return
        self._check.expect(f"{name}, fingerprint of its annotations", computed, fingerprint)
        self._truths[fingerprint] = dataset, ground_truth(dataset)

    def _check_described(self) -> None:
        """Check what the manifest says of the data behind the scores."""
        for role in ("target", "reference"):
            about: Mapping[str, Any] = self._subject.manifest["data"][role]
            if about["fingerprint"] in self._truths:
                dataset, _ = self._truths[about["fingerprint"]]
                expected = {
                    "name": dataset.name,
                    "split": dataset.split,
                    "subset_of": dataset.subset_of,
                    "images": len(dataset.samples),
                    "instances": dataset.instances,
                    "classes": list(dataset.classes),
                }
                for key, value in expected.items():
                    self._check.expect(f"manifest.json, data.{role}.{key}", about[key], value)

    def _read(self, file: str) -> Evaluated | None:
        name, check = f"detections/{file}", self._check
        detections, about = load_detections(self._subject.folder.detections_called(file))
        try:
            hashes = [(str(kind), str(content)) for kind, content in about["modules"]]
            keys = [module_key(index, *pair) for index, pair in enumerate(hashes)]
            network, data, head = network_key(keys, about["head"]), about["data"], about["head"]
            key = evaluation_key(about["network"], data, about["settings"])
            check.expect(f"{name}, network", about["network"], network)
            check.expect(f"{name}, settings", about["settings"], self._subject.manifest["evaluation"])
            check.expect(f"{name}, key", about["key"], key)
            check.expect(f"{name}, name", file, f"{key[:24]}.safetensors")
        except (KeyError, TypeError, ValueError) as error:
            check.find(name, f"does not say what it is of: {error!r}")
            return None
        if data not in self._truths:
            check.find(name, "it was found on data whose annotations are not here")
            return None
        dataset, truth = self._truths[data]
        problem = problem_on(detections, dataset)
        if problem is not None:
            check.find(name, problem)
            return None
        scores = score(truth, detections)
        return Evaluated(file, dataset, data, head, [content for _, content in hashes], scores)
