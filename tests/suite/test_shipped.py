"""Which file is meant by a name."""

from pathlib import Path

import pytest

from forgetbench.errors import SuiteError
from forgetbench.suite.load import load_suite
from forgetbench.suite.shipped import find_suite, shipped_suite, shipped_suites, title_of

MINIMAL = "extends: quickstart\nname: mine\n"


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_name_is_that_of_a_suite_that_comes_with_forgetbench(here: Path) -> None:
    loaded = load_suite(Path("quickstart"))
    assert loaded.suite.name == "quickstart"
    assert (loaded.path, loaded.folder) == (shipped_suites()["quickstart"], here)


def test_by_its_path_its_folder_is_where_it_lies() -> None:
    path = shipped_suites()["quickstart"]
    assert load_suite(path).folder == path.parent


def test_a_file_of_ones_own_goes_first(here: Path) -> None:
    (here / "quickstart.yaml").write_text(MINIMAL, encoding="utf-8")
    assert load_suite(Path("quickstart")).suite.name == "mine"
    bare = shipped_suite("quickstart").read_text(encoding="utf-8").replace("name: quickstart", "name: bare")
    (here / "quickstart").write_text(bare, encoding="utf-8")
    assert load_suite(Path("quickstart")).suite.name == "bare"
    assert load_suite(Path("quickstart")).folder == here


def test_a_folder_of_the_name_is_no_suite(here: Path) -> None:
    (here / "bccd").mkdir()
    assert find_suite(Path("bccd")) == shipped_suites()["bccd"]


def test_extends_takes_names(here: Path) -> None:
    (here / "mine.yaml").write_text(MINIMAL, encoding="utf-8")
    loaded = load_suite(Path("mine.yaml"))
    assert loaded.sources == (Path("mine.yaml"), shipped_suites()["quickstart"])
    assert (loaded.suite.name, loaded.suite.train.epochs) == ("mine", 12)
    assert loaded.folder == here


def test_a_file_that_extends_its_own_name_means_another(here: Path) -> None:
    (here / "quickstart.yaml").write_text(MINIMAL, encoding="utf-8")
    assert load_suite(Path("quickstart.yaml")).sources[1] == shipped_suites()["quickstart"]


@pytest.mark.parametrize(
    ("named", "said"),
    [
        ("quickstrat", "quickstrat: no such suite file. Did you mean 'quickstart'?"),
        ("blod", "blod: no such suite file. Did you mean 'blood'?"),
        ("something-else", "something-else: no such suite file. `forgetbench suites` lists those that come with it."),
        ("bloot.yaml", "bloot.yaml: no such suite file. Did you mean 'blood.yaml'?"),
        ("bccd.yaml", "bccd.yaml: no such suite file. 'bccd' alone is the one that comes with forgetbench."),
        ("nowhere/zebra.yaml", "nowhere/zebra.yaml: no such suite file"),
    ],
)
def test_what_is_not_there_is_refused_with_what_helps(here: Path, named: str, said: str) -> None:
    (here / "blood.yaml").touch()
    with pytest.raises(SuiteError) as caught:
        find_suite(Path(named))
    assert str(caught.value) == said


def test_only_shipped_ones_are_shown(here: Path) -> None:
    (here / "mine.yaml").touch()
    with pytest.raises(SuiteError, match="no suite of this name comes with forgetbench"):
        shipped_suite("mine")


@pytest.mark.parametrize("name", shipped_suites())
def test_the_first_line_is_a_title(name: str) -> None:
    text = shipped_suite(name).read_text(encoding="utf-8")
    assert text.startswith("# ")
    title = title_of(shipped_suite(name))
    assert title == text.splitlines()[0][2:]
    assert title.endswith(".")
