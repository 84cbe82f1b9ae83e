"""The suites that come with forgetbench, by name: listed, shown, completed, and from a wheel."""

import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from support.loaded import ROOT

from forgetbench.cli.main import main

SUITES = sorted((ROOT / "suites").glob("*.yaml"))


def call(*arguments: str) -> Result:
    return CliRunner().invoke(main, list(arguments))


def test_each_is_listed_in_one_line_with_what_it_is_about() -> None:
    lines = call("suites").output.splitlines()
    assert [line.split()[0] for line in lines] == sorted(path.stem for path in SUITES)
    assert next(line for line in lines if line.startswith("quickstart ")).endswith(
        "The whole job in a few minutes on a laptop's processor: no network, no data, no GPU."
    )


def test_one_is_shown_as_it_is() -> None:
    assert call("suites", "show", "fruit").output == (ROOT / "suites" / "fruit.yaml").read_text(encoding="utf-8")


def test_one_that_there_is_not_has_a_nearest() -> None:
    done = call("suites", "show", "quikstart")
    assert done.exit_code == 2
    assert done.stderr.startswith(
        "error: quikstart: no suite of this name comes with forgetbench; expected one of bccd,"
    )
    assert done.stderr.endswith("Did you mean 'quickstart'?\n")


@pytest.mark.parametrize("name", [path.stem for path in SUITES])
def test_what_is_shown_is_a_suite_in_any_folder(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from forgetbench.plan.reading import read_suite

    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.yaml").write_text(call("suites", "show", name).output, encoding="utf-8")
    assert read_suite("mine").suite == read_suite(name).suite


def completed(words: str, folder: Path) -> list[str]:
    """Return what bash is told could complete the last word."""
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "_FORGETBENCH_COMPLETE": "bash_complete",
        "COMP_WORDS": words,
        "COMP_CWORD": str(words.count(" ")),
    }
    code = "from forgetbench.cli.main import main; main(prog_name='forgetbench')"
    done = subprocess.run([sys.executable, "-c", code], env=environment, cwd=folder, capture_output=True, text=True)
    assert done.stderr == ""
    return done.stdout.split()


def test_shells_complete_commands_suites_and_cards(tmp_path: Path) -> None:
    (tmp_path / "quick.yaml").touch()
    assert completed("forgetbench su", tmp_path) == ["plain,suites"]
    assert completed("forgetbench run quick", tmp_path) == [
        "plain,quick.yaml", "plain,quickstart", "plain,quickstart-arms", "plain,quickstart-yolov10"
    ]  # fmt: skip
    assert completed("forgetbench suites show fruit", tmp_path) == ["plain,fruit", "plain,fruit9"]
    assert completed("forgetbench data fetch coco", tmp_path) == [
        "plain,coco-val128", "plain,coco-val2017", "plain,coco-val500"
    ]  # fmt: skip
    assert completed("forgetbench check elsewhere/", tmp_path) == ["file,elsewhere/"]


def test_a_wheel_holds_them_and_finds_them_from_an_empty_folder(tmp_path: Path) -> None:
    build = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["hatch"]["build"]
    assert build["targets"]["wheel"]["force-include"] == {"suites": "forgetbench/suites"}
    package, empty = tmp_path / "installed" / "forgetbench", tmp_path / "empty"
    package.mkdir(parents=True)
    empty.mkdir()
    for part in (ROOT / "forgetbench").iterdir():
        (package / part.name).symlink_to(part)
    (package / "suites").symlink_to(ROOT / "suites")  # what the wheel is told to hold
    code = (
        "import forgetbench; from forgetbench.plan.reading import read_suite; found = read_suite('quickstart-arms')\n"
        "print(forgetbench.__file__, *found.sources, found.folder, sep='\\n')"
    )
    environment = {**os.environ, "PYTHONPATH": str(package.parent)}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, cwd=empty, capture_output=True, text=True, check=True
    )
    suites = package / "suites"
    assert done.stdout.splitlines() == [
        str(package / "__init__.py"), str(suites / "quickstart-arms.yaml"), str(suites / "quickstart.yaml"), str(empty)
    ]  # fmt: skip
