"""How much a suite may ask for: far more than anybody needs, and less than what hangs or fills the memory.

A suite may come from a stranger, and so may the manifest of a run, which holds one.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

MOST_MODELS = 100
MOST_SEEDS = 1_000
MOST_FREEZE_POINTS = 200
MOST_SETTINGS = 1_000
MOST_CLAIMS = 200
#: Things named in one list, such as the splits of a dataset that are taken together.
MOST_NAMED = 1_000
#: Models, seeds, freeze points with further arms, and settings multiplied.
MOST_ARMS = 10_000
MOST_EPOCHS = 10_000
#: Epochs of all arms together: every one may be scored, and gets rows in tables.
MOST_EPOCHS_IN_ALL = 1_000_000
#: Modules of a model; the largest have fewer than a hundred.
MOST_MODULES = 1_000
#: More classes than any detector has; a larger number is a mistake that would fill the memory.
MOST_CLASSES = 100_000
#: Images of the shapes world, which are drawn.
MOST_DRAWN = 100_000
#: No dataset is as large.
MOST_DATA_BYTES = 100 << 40
LARGEST_SIDE = 8192
LARGEST_BATCH = 16_384
MOST_DETECTIONS = 10_000
MOST_RESAMPLES = 20_000
MOST_WORKERS = 256
#: What any random generator can be seeded with.
LARGEST_SEED = 2**32 - 1
#: Characters of a path, a description and a name.
LONGEST_PATH = 4_096
LONGEST_TEXT = 20_000
LONGEST_NAME = 1_000
#: What no rate, weight or count of epochs or steps ever comes near.
_VAST = 1_000_000

Epochs = Annotated[int, Field(gt=0, le=MOST_EPOCHS)]
Warmup = Annotated[float, Field(ge=0, le=MOST_EPOCHS)]
Side = Annotated[int, Field(ge=32, le=LARGEST_SIDE, multiple_of=32)]
Batch = Annotated[int, Field(gt=0, le=LARGEST_BATCH)]
Weight = Annotated[float, Field(ge=0, le=_VAST)]
AtLeastOne = Annotated[int, Field(gt=0, le=_VAST)]
AtLeastZero = Annotated[int, Field(ge=0, le=_VAST)]
Seed = Annotated[int, Field(ge=0, le=LARGEST_SEED)]
SignedSeed = Annotated[int, Field(ge=-LARGEST_SEED, le=LARGEST_SEED)]
ModuleIndex = Annotated[int, Field(ge=0, lt=MOST_MODULES)]
PathText = Annotated[str, Field(max_length=LONGEST_PATH)]
ModelText = Annotated[PathText, Field(min_length=1)]
NameText = Annotated[str, Field(min_length=1, max_length=LONGEST_NAME)]
Prose = Annotated[str, Field(max_length=LONGEST_TEXT)]


def product_problem(what: str, factors: dict[str, int], most: int) -> str | None:
    """Return what to say of numbers whose product is too large, None where it is not.

    Args:
        what: What the product counts, in the plural.
        factors: The numbers by what they count.
        most: How large the product may be.
    """
    product = 1
    for number in factors.values():
        product *= number
    if product <= most:
        return None
    parts = " x ".join(f"{number:,} {name}" for name, number in factors.items() if number != 1)
    return f"asks for {product:,} {what} ({parts}); expected at most {most:,}"
