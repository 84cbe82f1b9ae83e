"""The readers, each with valid inputs, which of their files is spoilt and how, and the call that reads them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from random import Random

from forgetbench.data.annotations import read_annotations
from forgetbench.data.cards.card import load_card
from forgetbench.data.cards.unpack import unpack
from forgetbench.data.load import load_data
from forgetbench.data.recognise import recognise
from forgetbench.derive.catalogue import table
from forgetbench.evaluate.detections import load_detections
from forgetbench.model import yolo
from forgetbench.model.checkpoint import load_checkpoint
from forgetbench.model.original import load_original
from forgetbench.proof.verify.branchfile import read_branch
from forgetbench.record.json_record import read_record
from forgetbench.record.seal import read_seal
from forgetbench.record.table_files import read_table
from forgetbench.suite.data_section import Data, Split
from forgetbench.suite.load import load_suite
from fuzzing import archives, binaries, samples
from fuzzing.mutations import WORDS, mutated_bytes, mutated_json, mutated_text, mutated_yaml

Files = dict[str, bytes]
Mutate = Callable[[bytes, Random], bytes]


@dataclass(frozen=True)
class Reader:
    """One reader.

    Attributes:
        inputs: Valid inputs: files by name.
        targets: How each file that may be spoilt is, by its name; one of them in each input.
        read: Reads what lies in a folder.
    """

    inputs: Callable[[], list[Files]]
    targets: Mapping[str, Mutate]
    read: Callable[[Path], object]

    def spoilt(self, inputs: list[Files], random: Random) -> Files:
        """Return one of the inputs with one of its files changed."""
        files = dict(random.choice(inputs))
        name = random.choice([name for name in self.targets if name in files])
        files[name] = self.targets[name](files[name], random)
        return files


def _dataset(kind: str, split: Split | None = None) -> Callable[[Path], object]:
    def read(folder: Path) -> object:
        return load_data(Data(format=kind, path=str(folder), split=split), role="target", suite_folder=None)

    return read


def _overridden(folder: Path) -> object:
    lines = (folder / "set").read_text("utf-8", "surrogateescape").split("\n")
    return load_suite(folder / "s.yaml", lines)


def _unpacked(folder: Path) -> object:
    (folder / "into").mkdir()
    return unpack(folder / "archive", folder / "into", most_bytes=1 << 20)


def _mutated_assignment(content: bytes, random: Random) -> bytes:
    """Return a `key=value` of another key, value, or form."""
    key, _, value = content.decode().partition("=")
    return random.choice(
        (
            mutated_text(content, random),
            f"{key}={random.choice(WORDS)}".encode("utf-8", "surrogatepass"),
            f"{key}.{random.choice(WORDS)}={value}".encode("utf-8", "surrogatepass"),
            f"{random.choice(WORDS)}={value}".encode("utf-8", "surrogatepass"),
        )
    ).replace(b"\x00", b"")  # which no command line holds


READERS: dict[str, Reader] = {
    "suite": Reader(samples.suites, {"s.yaml": mutated_yaml}, lambda folder: load_suite(folder / "s.yaml")),
    "set": Reader(samples.assignments, {"set": _mutated_assignment}, _overridden),
    "card": Reader(samples.cards, {"c.yaml": mutated_yaml}, lambda folder: load_card(folder / "c.yaml")),
    "data-yaml": Reader(samples.yolo, {"data.yaml": mutated_yaml}, _dataset("yolo")),
    "yolo-labels": Reader(samples.yolo, {"labels/train/a.txt": mutated_text}, _dataset("yolo")),
    "coco": Reader(samples.coco, {"annotations/instances_train.json": mutated_json}, _dataset("coco")),
    "voc": Reader(samples.voc, {"Annotations/a.xml": mutated_text}, _dataset("voc")),
    "labelme": Reader(samples.labelme, {"a.json": mutated_json}, _dataset("labelme", Split(evaluate=0.5))),
    "lists": Reader(
        samples.darknet,
        dict.fromkeys(("obj.data", "train.txt", "ImageSets/Main/train.txt"), mutated_text),
        _dataset("yolo"),
    ),
    "classes": Reader(samples.darknet, {"obj.names": mutated_text, "classes.txt": mutated_text}, _dataset("yolo")),
    "image": Reader(samples.images, dict.fromkeys(samples.IMAGE_NAMES, mutated_bytes), _dataset("yolo")),
    "recognise": Reader(samples.every_dataset, samples.spoilt_anywhere(mutated_text, mutated_json), recognise),
    "architecture": Reader(
        samples.architectures, {"net.yaml": mutated_yaml}, lambda folder: _built(folder / "net.yaml")
    ),
    "pt": Reader(binaries.pickled, {"w.pt": binaries.mutated_pickle}, lambda folder: load_original(folder / "w.pt")),
    "safetensors": Reader(
        binaries.safetensors,
        {"w.safetensors": binaries.mutated_safetensors},
        lambda folder: load_original(folder / "w.safetensors"),
    ),
    "zip": Reader(archives.zips, {"archive": archives.mutated_zip}, _unpacked),
    "tar": Reader(archives.tars, {"archive": archives.mutated_tar}, _unpacked),
    "table": Reader(
        samples.tables,
        {"results.csv": mutated_text, "times.csv": mutated_text},
        lambda folder: [read_table(path, table(path.name).row) for path in folder.glob("*.csv")],
    ),
    "record": Reader(
        samples.records, {"manifest.json": mutated_json}, lambda folder: read_record(folder / "manifest.json")
    ),
    "seal": Reader(samples.seals, {"DONE": mutated_text}, read_seal),
    "detections": Reader(
        binaries.detections,
        {"x.safetensors": binaries.mutated_safetensors},
        lambda folder: load_detections(folder / "x.safetensors"),
    ),
    "annotations": Reader(
        binaries.annotated,
        {"x.safetensors": binaries.mutated_safetensors},
        lambda folder: read_annotations(folder / "x.safetensors"),
    ),
    "checkpoint": Reader(
        binaries.checkpoints,
        {"x.safetensors": binaries.mutated_safetensors},
        lambda folder: load_checkpoint(folder / "x.safetensors"),
    ),
    "branch": Reader(
        binaries.checkpoints,
        {"x.safetensors": binaries.mutated_safetensors},
        lambda folder: read_branch(folder / "x.safetensors"),
    ),
}


def _built(path: Path) -> object:
    return yolo.sketch(yolo.read_architecture(path), 3, path)
