"""Scoring checkpoints: which networks are due, which were evaluated before, and the rows of the results."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

import torch

from forgetbench.data.dataset import Dataset
from forgetbench.errors import RunError, counted
from forgetbench.evaluate.average_precision import Scores, ground_truth, score
from forgetbench.evaluate.detections import load_detections_on, save_detections
from forgetbench.evaluate.keys import evaluation_key
from forgetbench.evaluate.networks import ModuleStore, Network
from forgetbench.evaluate.passes import run_pass
from forgetbench.evaluate.places import Place, of_checkpoint, of_original
from forgetbench.evaluate.scorers import GroundTruth
from forgetbench.evaluate.spool import spooling
from forgetbench.files import write_json
from forgetbench.model.checkpoint import load_checkpoint
from forgetbench.model.original import Original
from forgetbench.plan.arms import Arm
from forgetbench.plan.plan import Plan
from forgetbench.plan.slowness import PaceWatch
from forgetbench.progress import Progress
from forgetbench.record.folder import RunFolder
from forgetbench.record.json_record import read_record
from forgetbench.record.rows.scores import ClassRow, ResultRow
from forgetbench.room import require_room
from forgetbench.suite.evaluation import EvaluationSettings


@dataclass(frozen=True)
class Scorable:
    """A network to be scored on a role's dataset, and the cells of its row that do not depend on scores."""

    role: str
    network: Network
    cells: dict[str, Any]


def networks_of(plan: Plan, store: ModuleStore, arm: Arm, owned: Sequence[str]) -> Iterator[tuple[Place, Network]]:
    """Yield what a branch's modules on a store are evaluated as."""
    attach_points = dict(plan.attach_points(arm))
    for place in of_checkpoint(plan.heads(arm.model), list(attach_points)):
        if place.attach is None:
            network = store.task_network(arm.freeze_point, owned, place.head)
        else:
            network = store.reference_network(arm.freeze_point, owned, attach_points[place.attach], place.head)
        yield place, network if place.variant is None else place.variant.network(store, network)


class Scorer:
    """Evaluates and scores networks of one model, each distinct one once."""

    def __init__(self, plan: Plan, model: str, folder: RunFolder, device: torch.device, progress: Progress) -> None:
        self._plan, self._model, self._folder = plan, model, folder
        self._device, self._progress = device, progress
        self._original: Original = plan.originals[model]
        self._settings: EvaluationSettings = plan.settings()
        self._store = ModuleStore(self._original)
        self._datasets: dict[str, Dataset] = {"target": plan.target.evaluate, "reference": plan.reference[model]}
        self._fingerprints = {role: dataset.fingerprint() for role, dataset in self._datasets.items()}

    @cached_property
    def _truths(self) -> dict[str, GroundTruth]:
        scorer = self._plan.suite.evaluation.scorer
        return {role: ground_truth(dataset, scorer) for role, dataset in self._datasets.items()}

    @property
    def store(self) -> ModuleStore:
        """The modules of the networks named since `forget_modules` was called."""
        return self._store

    def key(self, item: Scorable) -> str:
        """Return the content hash of an evaluation: modules, data and settings."""
        return evaluation_key(item.network.key(), self._fingerprints[item.role], asdict(self._settings))

    def original_items(self) -> list[Scorable]:
        """Return the original on the reference data, once per head."""
        return [
            Scorable(place.role, self._store.original_network(place.head), self._cells(place, None, 0))
            for place in of_original(self._plan.heads(self._model))
        ]

    def without_original(self, items: Iterable[Scorable]) -> list[Scorable]:
        """Return those of some items that are not evaluated as the original is."""
        original = set(map(self.key, self.original_items()))
        return [item for item in items if self.key(item) not in original]

    def checkpoint_items(self, arm: Arm, epoch: int, roles: Iterable[str] = ("target", "reference")) -> list[Scorable]:
        """Return what a checkpoint is scored as: its task network, and one reference network per attach point."""
        networks = networks_of(self._plan, self._store, arm, self._put_checkpoint(arm, epoch))
        return [
            Scorable(place.role, network, self._cells(place, arm, epoch))
            for place, network in networks
            if place.role in roles
        ]

    def adapted_networks(self, arm: Arm, epoch: int) -> list[Network]:
        """Return a checkpoint's reference network under attach = head, once per head."""
        owned, attach = self._put_checkpoint(arm, epoch), self._original.head
        return [
            self._store.reference_network(arm.freeze_point, owned, attach, head)
            for head in self._plan.heads(self._model)
        ]

    def _put_checkpoint(self, arm: Arm, epoch: int) -> tuple[str, ...]:
        """Store a checkpoint's modules; returns their keys."""
        _, tensors = load_checkpoint(self._folder.checkpoint(arm.name, epoch))
        template = self._plan.blank(arm).modules[arm.freeze_point :]
        return self._store.put_branch(arm.freeze_point, template, tensors)

    def _cells(self, place: Place, arm: Arm | None, epoch: int) -> dict[str, Any]:
        cells = place.cells(self._model, None if arm is None else arm.record(), epoch)
        return {**cells, "dataset": self._datasets[place.role].name}

    def evaluate(self, items: Iterable[Scorable]) -> None:
        """Run every network that has no detections yet, all of a dataset's in one pass."""
        items = list(items)
        for role, dataset in self._datasets.items():
            wanted = {item.network: self.key(item) for item in items if item.role == role}
            holds, path_of = self._folder.journal.holds, self._folder.detections
            missing = {network: key for network, key in wanted.items() if not holds(path_of(key))}
            if wanted:
                known = len(wanted) - len(missing)
                self._progress.message(
                    f"{dataset.name}: {known} of {len(wanted)} networks were evaluated before", "detail"
                )
            if not missing:
                continue
            self._run(role, missing)

    def _run(self, role: str, missing: Mapping[Network, str]) -> None:
        """Run networks over a role's dataset in one pass; in several where the device has no room for one."""
        networks, dataset = list(missing), self._datasets[role]
        try:
            with spooling(self._folder.unfinished_detections(), networks) as spool:
                name = f"evaluating {counted(len(networks), 'network', 'networks')} on {dataset.name}"
                with self._progress.task(name, len(dataset.samples), "image") as advance:
                    watch = PaceWatch("evaluation", "images", self._device, self._progress)

                    def on_batch(done: int) -> None:
                        advance(done, "")
                        watch.done(done)
                        require_room(self._folder.path, spool.bytes, "the detections that were found")

                    run_pass(self._store, networks, dataset, self._settings, self._device, spool.add, on_batch)
                for network, key in missing.items():
                    about = {
                        "key": key,
                        "network": network.key(),
                        "modules": self._store.hashes_of(network),
                        "head": network.head,
                        "data": self._fingerprints[role],
                        "role": role,
                        "settings": asdict(self._settings),
                    }
                    path = self._folder.detections(key)
                    self._folder.journal.drop([path.with_suffix(".json")])
                    save_detections(path, spool.read(network), about)
                    self._folder.journal.add(path)
        except torch.OutOfMemoryError as error:
            if len(networks) == 1:
                raise RunError(
                    "one network does not fit into the device's memory",
                    where=f"evaluating on {dataset.name}",
                    found=str(error).splitlines()[0],
                    fix="Lower evaluation.batch or evaluation.imgsz, then run the same command again.",
                ) from error
            half = len(networks) // 2
            self._progress.message(f"no room for {len(networks)} networks at once: two passes", "warning")
            for part in (networks[:half], networks[half:]):
                self._run(role, {network: missing[network] for network in part})

    def score(self, item: Scorable) -> Scores:
        """Return the scores of an evaluated network, from disk if it was scored before.

        A run folder knows one scorer of one version: they are part of the run's identity.
        """
        path = self._folder.detections(self.key(item))
        kept = path.with_suffix(".json")
        if self._folder.journal.holds(kept):
            with suppress(LookupError, TypeError, ValueError, AttributeError):  # anybody may have written it
                record = read_record(kept)
                record["per_class"] = {int(label): ap for label, ap in record["per_class"].items()}
                return Scores(**record)
        scores = score(self._truths[item.role], load_detections_on(self._datasets[item.role], path))
        write_json(kept, asdict(scores))
        self._folder.journal.add(kept)
        return scores

    def target_ap(self, arm: Arm, epoch: int) -> float | None:
        """Evaluate one checkpoint on the target alone and return its AP, of the suite's first head."""
        items = self.checkpoint_items(arm, epoch, roles=["target"])
        self.evaluate(items)
        self.forget_modules()
        return self.score(items[0]).ap

    def rows(self, items: Iterable[Scorable]) -> tuple[list[ResultRow], list[ClassRow]]:
        """Return result rows and per-class rows of evaluated networks."""
        results, classes = [], []
        items = list(items)
        with self._progress.task(f"scoring {self._model}", len(items), "row") as advance:
            for done, item in enumerate(items):
                measured = asdict(self.score(item))
                per_class = measured.pop("per_class")
                file = self._folder.detections(self.key(item)).name
                results.append(ResultRow(**item.cells, **measured, detections=file))
                shared = {name: item.cells[name] for name in ("arm", "epoch", "role", "attach", "head", "variant")}
                names = self._datasets[item.role].classes
                classes += [ClassRow(**shared, label=i, name=names[i], ap=ap) for i, ap in per_class.items()]
                advance(done + 1, "")
        return results, classes

    @property
    def module_bytes(self) -> int:
        """Bytes of the checkpoints' modules held in float16, with the float32 copies that evaluation makes of them."""
        return 3 * self._store.nbytes()

    def forget_modules(self) -> None:
        """Drop checkpoints' modules from memory."""
        self._store.keep_only([])

    def add_rows(self, items: Sequence[Scorable], results: list[ResultRow], classes: list[ClassRow]) -> None:
        """Evaluate in one pass whatever was not evaluated before, add the rows of all, and forget the modules."""
        self.evaluate(items)
        rows, per_class = self.rows(items)
        results += rows
        classes += per_class
        self.forget_modules()
