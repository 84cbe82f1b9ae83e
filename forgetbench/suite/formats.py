"""The formats of data: what each is called in a suite, which keys it alone has a use for, and what reads it.

To add one, write its reader (`forgetbench/data/formats/registry.py` says what that is) and enter it in `FORMATS`; where
it has keys of its own, they are a class here that `FolderOptions` inherits. A package of somebody else's needs neither:
it registers a `Format` as an entry point of the group `forgetbench.readers`, by the name that suites use.

Nothing here imports a reader, so that what is wrong with a suite's text is said at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, WithJsonSchema

from forgetbench.plugins import installed_plugins, only_plugin
from forgetbench.suite.bounds import MOST_DRAWN, MOST_NAMED, NameText, PathText, SignedSeed
from forgetbench.suite.kinds import Section

#: Where other packages register formats.
GROUP = "forgetbench.readers"


class Options(Section):
    """Keys of a suite's data section that one format has a use for; each has a default.

    Attributes:
        paths: Those of them that name files or folders. A run keeps only the last name of an absolute path.
        harmless: Those that data of another format may have as well, without effect.
    """

    paths: ClassVar[tuple[str, ...]] = ()
    harmless: ClassVar[tuple[str, ...]] = ()


class CocoOptions(Options):
    """Keys for COCO's form."""

    paths = ("images", "annotations")

    images: PathText | None = Field(None, description="COCO format: folder of images, relative to path")
    annotations: PathText | None = Field(None, description="COCO format: instances JSON, relative to path")


class VocOptions(Options):
    """Keys for Pascal VOC's form."""

    difficult: Literal["keep", "drop"] = Field(
        "keep", description="VOC format: what becomes of objects marked difficult"
    )
    counts_from: Literal[0, 1] | None = Field(
        None,
        description="VOC format: number of the first pixel (default: 0 where any box begins before 1, else 1)",
    )


ClassByName = Annotated[
    dict[NameText, NameText],
    Field(min_length=1, max_length=MOST_NAMED),
    WithJsonSchema(
        {
            "type": "object",
            "minProperties": 1,
            "additionalProperties": {"type": "string", "minLength": 1},
            "$comment": "a mapping from how file names begin to class names",
        }
    ),
]


class YoloOptions(Options):
    """Keys for the YOLO layout."""

    class_by_name: ClassByName | None = Field(
        None, description="YOLO format: class of all boxes of an image by how its file name begins"
    )
    classes_from: Literal[0, 1] | None = Field(
        None, description="YOLO format: number of the first class in label files (default: 0, which is checked)"
    )


class FolderOptions(YoloOptions, VocOptions, CocoOptions):
    """The keys of all formats that lie in a folder."""


class ShapesOptions(Options):
    """Keys for the drawn shapes world."""

    harmless = ("size", "train_images", "evaluate_images", "seed")

    world: Literal["general", "fine"] | None = Field(None, description="shapes format: which drawn world")
    size: Annotated[int, Field(ge=32, le=1024)] = Field(128, description="shapes format: image side in pixels")
    train_images: Annotated[int, Field(gt=0, le=MOST_DRAWN)] = Field(
        400, description="shapes format: training images drawn"
    )
    evaluate_images: Annotated[int, Field(gt=0, le=MOST_DRAWN)] = Field(
        100, description="shapes format: evaluation images drawn"
    )
    seed: SignedSeed = Field(0, description="shapes format: seed of the drawn images")


@dataclass(frozen=True)
class Format:
    """A format of data.

    Attributes:
        reader: Where its `Reader` is, as `package.module:NAME`, imported when data are opened; None for drawn data,
            which no reader opens.
        options: The keys that it alone has a use for.
        called: What people call it, where that is not its name.
    """

    reader: str | None
    options: type[Options] = Options
    called: str | None = None


FORMATS: dict[str, Format] = {
    "yolo": Format("forgetbench.data.formats.yolo.layout:READER", YoloOptions, "YOLO"),
    "coco": Format("forgetbench.data.formats.coco.layout:READER", CocoOptions, "COCO"),
    "voc": Format("forgetbench.data.formats.voc:READER", VocOptions, "Pascal VOC"),
    "labelme": Format("forgetbench.data.formats.labelme:READER"),
    "shapes": Format(None, ShapesOptions),
}
#: Keys by the format that alone has a use for them.
FORMAT_OF_KEY = {
    key: name for name, form in FORMATS.items() for key in form.options.model_fields if key not in form.options.harmless
}
#: Keys of any of these formats that name files or folders.
PATH_KEYS = tuple(key for form in FORMATS.values() for key in form.options.paths)


def further_formats() -> tuple[str, ...]:
    """Return the names of formats that other installed packages bring, sorted; nothing is imported."""
    return tuple(sorted(name for name in installed_plugins(GROUP) if name not in FORMATS))


def known_formats() -> tuple[str, ...]:
    """Return the names of all formats, those that come with forgetbench first; nothing is imported."""
    return (*FORMATS, *further_formats())


def readable_formats() -> tuple[str, ...]:
    """Return the names of all formats that a folder may be in, those of other packages last; nothing is imported."""
    return (*(name for name, form in FORMATS.items() if form.reader is not None), *further_formats())


def alternatives(names: Sequence[str]) -> str:
    """Return names as a text lists them: `yolo, coco or voc`."""
    *others, last = names
    return f"{', '.join(others)} or {last}" if others else last


def find_format(name: str) -> Format:
    """Return the format of a known name.

    Raises:
        InputError: it is another package's, and that cannot be used.
    """
    return FORMATS[name] if name in FORMATS else only_plugin(GROUP, name).load_object(Format)


def refuse_taken_names() -> None:
    """Refuse other packages' formats that are called like one that comes with forgetbench: nobody could use them.

    Raises:
        InputError: there is one; it names the package.
    """
    for name, plugins in installed_plugins(GROUP).items():
        if name in FORMATS:
            raise plugins[0].unusable("a format of this name comes with forgetbench")


class FormatSchema:
    """Makes a JSON Schema list all known formats, at the time it is made."""

    def __get_pydantic_json_schema__(self, _core: Any, _handler: Any) -> dict[str, Any]:
        """Return the schema of a format's name."""
        return {"enum": list(known_formats()), "type": "string"}
