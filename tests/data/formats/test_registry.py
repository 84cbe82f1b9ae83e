"""A format of somebody else's, written as docs/data.md says, is one like any other; a broken one harms nobody else."""

from __future__ import annotations

import json
import pickle
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from support.installed import BOXLIST, ENTRIES, documented, install, install_boxlist, write_boxlist
from support.suites import mapping

from forgetbench.cli import main as cli
from forgetbench.data.cards.card import load_card
from forgetbench.data.formats.registry import reader_of, reader_package
from forgetbench.data.load import load_data
from forgetbench.data.recognise import recognise
from forgetbench.errors import DataError, InputError, SuiteError
from forgetbench.suite.data_section import Data
from forgetbench.suite.formats import FORMATS, find_format
from forgetbench.suite.jsonschema import suite_json_schema
from forgetbench.suite.load import load_suite, recorded_suite, suite_from_mapping
from forgetbench.suite.portable import deciding, portable_suite


@pytest.fixture
def boxlist(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Install the package that docs/data.md shows."""
    install_boxlist(tmp_path / "installed", monkeypatch)
    assert documented("docs/data.md", "[project.entry-points") == (
        '[project.entry-points."forgetbench.readers"]\nboxlist = "boxlist:FORMAT"\n'
    )


def with_target(**target: Any) -> dict[str, Any]:
    return mapping(target={"format": "boxlist", "path": "data", **target})


def refused(content: dict[str, Any]) -> str:
    with pytest.raises(InputError) as caught:
        suite_from_mapping(content, "here")
    return str(caught.value)


@pytest.mark.parametrize("name", [name for name, form in FORMATS.items() if form.reader])
def test_the_formats_that_come_along_have_readers(name: str) -> None:
    reader = reader_of(name)
    assert reader.sign
    assert reader.fits(Path(__file__).parent) is False
    assert reader_package(name) is None


def test_drawn_data_have_none() -> None:
    with pytest.raises(InputError, match="shapes data are drawn, not read"):
        reader_of("shapes")


@pytest.mark.usefixtures("boxlist")
def test_its_data_are_recognised_and_read(tmp_path: Path) -> None:
    root = write_boxlist(tmp_path / "wrapped" / "data")
    found = recognise(tmp_path / "wrapped")
    assert found.spec == Data(format="boxlist", path=str(root), train="train", evaluate="val")
    loaded = load_data(found.spec, role="target", suite_folder=None)
    assert loaded.train is not None
    assert loaded.train.classes == ("cat", "dog")
    assert [sample.boxes.tolist() for sample in loaded.train.samples] == [[[10, 5, 30, 25]], [[0, 0, 50, 50]]]
    assert [sample.classes.tolist() for sample in loaded.train.samples] == [[1], [0]]
    assert [sample.boxes.tolist() for sample in loaded.evaluate.samples] == [[[20, 10, 40, 30]]]
    assert loaded.train.reader == loaded.evaluate.reader == "boxlist-reader 1.2"
    assert [(oddity.kind, oddity.file) for oddity in loaded.report.found if "line 3" in oddity.detail] == [
        ("unreadable-label", "train.boxes")
    ]
    assert recognise(root, wanted="boxlist").spec == found.spec


@pytest.mark.usefixtures("boxlist")
def test_its_keys_go_from_the_suite_to_the_reader(tmp_path: Path) -> None:
    write_boxlist(tmp_path / "data", separator=";")
    suite = suite_from_mapping(with_target(separator=";"), overrides=["target.limit=1"])
    assert suite.target.limit == 1
    for section in (suite.target, pickle.loads(pickle.dumps(suite)).target, suite.target.model_copy()):
        loaded = load_data(section, role="target", suite_folder=tmp_path)
        assert [sample.boxes.tolist() for sample in loaded.evaluate.samples] == [[[20, 10, 40, 30]]]
    with pytest.raises(DataError, match="no usable image in part 'train'"):
        load_data(suite_from_mapping(with_target()).target, role="target", suite_folder=tmp_path)


@pytest.mark.usefixtures("boxlist")
def test_its_keys_are_checked_like_all_others() -> None:
    expected = "here: target.separator: expected one of ',', ';', found '|'"
    assert refused(with_target(separator="|")) == expected
    assert refused(with_target(seperator=";")).endswith("did you mean 'separator'?")
    assert refused(with_target(difficult="drop")) == "here: target: 'difficult' belongs to format 'voc'"
    assert refused(mapping(target__separator=";")).startswith(
        "here: target.separator: unknown key; expected one of card"
    )
    assert "found 'boxlst', did you mean 'boxlist'?" in refused(mapping(target__format="boxlst"))
    with pytest.raises(SuiteError, match=r"target\.separator: expected one of"):
        suite_from_mapping(with_target(), overrides=["target.separator=x"])
    with pytest.raises(SuiteError, match=r"^--set target\.seperator=x: unknown key; .+, did you mean 'separator'\?$"):
        suite_from_mapping(with_target(), overrides=["target.seperator=x"])


@pytest.mark.usefixtures("boxlist")
def test_cards_take_it_and_suites_go_before_them(tmp_path: Path) -> None:
    write_boxlist(tmp_path / "data", separator=";")
    card = tmp_path / "mine.card.yaml"
    text = "name: mine\ntitle: Mine\nlicence: none\nby_hand: x\ndata: {format: boxlist, path: data, separator: ';'}\n"
    card.write_text(text, "utf-8")
    loaded = load_data(Data(card="mine"), role="target", suite_folder=tmp_path)
    assert loaded.evaluate.instances == 1
    beside = Data.model_validate({"card": "mine", "format": "boxlist", "separator": ","})
    assert load_card(card).card.apply(beside).model_dump(exclude_unset=True)["separator"] == ","
    card.write_text(text.replace("';'", "'|'"), "utf-8")
    with pytest.raises(SuiteError, match=r"data\.separator: expected one of ',', ';', found '\|'"):
        load_card(card)


@pytest.mark.usefixtures("boxlist")
def test_the_schema_lists_it() -> None:
    section = suite_json_schema()["$defs"]["Data"]["properties"]
    assert "boxlist" in json.dumps(section["format"])
    assert section["separator"]["enum"] == [",", ";"]
    assert section["separator"]["description"] == "boxlist format: what stands between two values"
    done = CliRunner().invoke(cli.main, ["new", "--help"])
    assert "[yolo|coco|voc|labelme|boxlist]" in done.output


def test_a_run_is_read_where_the_package_is_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        install_boxlist(tmp_path / "installed", patch)
        recorded = portable_suite(suite_from_mapping(with_target(path="/here/data", separator=";")))
        assert deciding(recorded)["target"] == {"format": "boxlist", "separator": ";"}
    assert recorded["target"] == {"format": "boxlist", "path": "data", "separator": ";"}
    assert portable_suite(recorded_suite(recorded)) == recorded
    assert "target.format: expected one of 'yolo', 'coco', 'voc'" in refused(recorded)


def test_suites_that_do_not_use_it_never_import_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(tmp_path / "installed", monkeypatch, "boxlist", "raise RuntimeError('broken')", ENTRIES)
    path = tmp_path / "s.yaml"
    path.write_text(json.dumps(mapping()), "utf-8")
    assert load_suite(path).suite.target.format == "yolo"
    assert "target.epochs: unknown key" in refused(mapping(target__epochs=1))
    assert "boxlist" not in sys.modules
    broken = (
        "'boxlist' of the installed package boxlist-reader 1.2 cannot be used; found importing boxlist:FORMAT failed"
    )
    assert broken in refused(with_target())
    (tmp_path / "empty").mkdir()
    for listed in (suite_json_schema, lambda: recognise(tmp_path / "empty")):
        with pytest.raises(InputError, match=r"boxlist-reader 1\.2 cannot be used; found .+RuntimeError: broken"):
            listed()


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        ("FORMAT = Format(", "FORMAT = dict(", "TypeError"),
        ("FORMAT = Format", "FORMAT = 3 #", "boxlist:FORMAT is no forgetbench.suite.formats.Format"),
        ("separator: Literal", "difficult: Literal", "its key 'difficult' is one that data sections have already"),
        ("separator: Literal", "path: Literal", "its key 'path' is one that data sections have already"),
    ],
)
def test_what_is_no_format_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, old: str, new: str, found: str
) -> None:
    install(tmp_path / "installed", monkeypatch, "boxlist", BOXLIST.replace(old, new), ENTRIES)
    text = refused(with_target())
    assert found in text
    assert "boxlist-reader 1.2" in text


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        ('"boxlist:READER"', '"boxlist:NOTHING"', "AttributeError"),
        ('"boxlist:READER"', '"no_such_module:READER"', "ModuleNotFoundError"),
        ('"boxlist:READER"', '"boxlist:SOURCE"', "boxlist:SOURCE is no forgetbench.data.formats.registry.Reader"),
    ],
)
def test_what_is_no_reader_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, old: str, new: str, found: str
) -> None:
    install(tmp_path / "installed", monkeypatch, "boxlist", "SOURCE = 3\n" + BOXLIST.replace(old, new), ENTRIES)
    write_boxlist(tmp_path / "data")
    with pytest.raises(InputError, match=r"boxlist-reader 1\.2") as caught:
        load_data(suite_from_mapping(with_target()).target, role="target", suite_folder=tmp_path)
    assert found in str(caught.value)


def test_two_packages_of_one_name_are_told_apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install_boxlist(tmp_path / "one", monkeypatch)
    install(tmp_path / "two", monkeypatch, "other", BOXLIST, {"boxlist": "other:FORMAT", "yolo": "other:FORMAT"})
    assert "found boxlist-reader 1.2 and other-reader 1.2. Uninstall all" in refused(with_target())
    assert find_format("yolo") is FORMATS["yolo"]
    with pytest.raises(InputError, match=r"'yolo' of .+ other-reader 1\.2 cannot be used.+ comes with forgetbench"):
        suite_json_schema()
