"""Which classes of two datasets are the same thing, by their names or by what the names mean."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Literal

Shared = Literal["name", "meaning"]

#: Words for the same thing, as detection datasets call it.
SYNONYMS: tuple[tuple[str, ...], ...] = (
    ("person", "people", "human"),
    ("bicycle", "bike", "pedal cycle"),
    ("car", "automobile"),
    ("motorcycle", "motorbike", "motor"),
    ("airplane", "aeroplane", "plane"),
    ("truck", "lorry"),
    ("traffic light", "traffic signal", "stoplight"),
    ("fire hydrant", "hydrant"),
    ("cow", "cattle"),
    ("backpack", "rucksack"),
    ("handbag", "purse"),
    ("tie", "necktie"),
    ("tennis racket", "tennis racquet"),
    ("baseball glove", "baseball mitt"),
    ("donut", "doughnut"),
    ("couch", "sofa"),
    ("potted plant", "houseplant", "pot plant"),
    ("tv", "television", "tv monitor"),
    ("mouse", "computer mouse"),
    ("remote", "remote control"),
    ("keyboard", "computer keyboard"),
    ("cell phone", "mobile phone", "cellular telephone"),
    ("microwave", "microwave oven"),
    ("refrigerator", "fridge"),
    ("hair drier", "hair dryer", "blow dryer"),
    ("teddy bear", "teddy"),
)

#: What is a kind of what: every object of a word on the right is one of the word on the left.
KINDS: dict[str, tuple[str, ...]] = {
    "person": (
        "pedestrian", "man", "woman", "child", "boy", "girl", "baby", "adult", "worker", "rider", "cyclist", "player",
        "driver",
    ),
    "vehicle": ("bicycle", "car", "motorcycle", "airplane", "bus", "train", "truck", "boat"),
    "car": ("sedan", "suv", "hatchback", "taxi", "police car", "sports car"),
    "motorcycle": ("moped",),
    "airplane": ("jet", "airliner"),
    "aircraft": ("airplane",),
    "bus": ("minibus", "school bus", "double decker"),
    "train": ("locomotive",),
    "truck": ("pickup truck", "dump truck", "fire truck"),
    "boat": ("sailboat", "motorboat", "rowing boat", "canoe", "kayak", "ferry"),
    "traffic sign": ("stop sign",),
    "sign": ("traffic sign",),
    "animal": ("bird", "cat", "dog", "horse", "sheep", "cow", "elephant", "bear", "zebra", "giraffe"),
    "bird": (
        "duck", "goose", "swan", "pigeon", "gull", "seagull", "eagle", "hawk", "owl", "parrot", "penguin", "sparrow",
        "crow", "chicken",
    ),
    "cat": ("kitten",),
    "dog": ("puppy",),
    "horse": ("pony", "foal"),
    "sheep": ("lamb",),
    "cow": ("bull", "calf"),
    "bear": ("polar bear", "brown bear", "black bear", "grizzly bear"),
    "bag": ("backpack", "handbag"),
    "luggage": ("suitcase",),
    "ball": ("sports ball",),
    "sports ball": ("tennis ball", "soccer ball", "basketball", "volleyball", "baseball"),
    "bottle": ("plastic bottle", "glass bottle", "water bottle", "wine bottle", "beer bottle"),
    "cup": ("mug", "coffee cup", "paper cup", "plastic cup"),
    "cutlery": ("fork", "knife", "spoon"),
    "food": ("fruit", "vegetable", "sandwich", "hot dog", "pizza", "donut", "cake"),
    "fruit": ("banana", "apple", "orange"),
    "vegetable": ("broccoli", "carrot"),
    "apple": ("green apple", "red apple"),
    "sandwich": ("hamburger", "burger"),
    "cake": ("cupcake", "birthday cake"),
    "furniture": ("chair", "couch", "bed", "dining table"),
    "chair": ("armchair", "office chair"),
    "table": ("dining table",),
    "plant": ("potted plant",),
    "computer": ("laptop",),
    "phone": ("cell phone",),
    "cell phone": ("smartphone",),
    "appliance": ("microwave", "oven", "toaster", "refrigerator"),
}  # fmt: skip


def shared(name: str, others: Iterable[str]) -> tuple[Shared, list[str]] | None:
    """Return how a class is shared with classes of another dataset and with which of them; None if it is not.

    A name is shared whatever its case, spaces, punctuation and number (`Cell-Phones`, `cellphone`). A meaning is shared
    where `SYNONYMS` and `KINDS` say that the classes are the same thing, or that one of them is a kind of the other. A
    shared name comes before shared meanings.
    """
    others = list(others)
    same = [other for other in others if _same_name(name, other)]
    if same:
        return "name", same
    related = [other for other in others if _same_meaning(name, other)]
    return ("meaning", related) if related else None


def _same_name(one: str, other: str) -> bool:
    first, second = _plain(one), _plain(other)
    return bool(first and second) and (first in _singulars(second) or second in _singulars(first))


def _plain(name: str) -> str:
    """Return a name's letters and digits in lower case, or the name where it has none of them."""
    return "".join(c for c in name.casefold() if c.isalnum()) or name.strip()


def _singulars(plain: str) -> set[str]:
    """Return a plain name and every form that it could be the plural of."""
    endings = (("s", ""), ("es", ""), ("ies", "y"), ("ves", "f"), ("ves", "fe"))
    return {plain} | {plain[: -len(plural)] + single for plural, single in endings if plain.endswith(plural)}


def _same_meaning(one: str, other: str) -> bool:
    first, second = _word(one), _word(other)
    return first is not None and second is not None and (second in _above(first) or first in _above(second))


@cache
def _word(name: str) -> str | None:
    """Return the table's word for a name, the first of its synonyms; None if the tables do not have it."""
    for synonyms in SYNONYMS:
        if any(_same_name(name, synonym) for synonym in synonyms):
            return synonyms[0]
    words = (word for general, kinds in KINDS.items() for word in (general, *kinds))
    return next((word for word in words if _same_name(name, word)), None)


def _above(word: str) -> set[str]:
    """Return a word and all that it is a kind of."""
    found = {word}
    for general, kinds in KINDS.items():
        if word in kinds:
            found |= _above(general)
    return found
