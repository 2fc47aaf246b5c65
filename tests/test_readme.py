"""The README's commands: each is run here, or read by the command itself, with the reason why."""

import json
import re
import shlex
import shutil
from dataclasses import dataclass

import click
import pytest

from guide import cli
from tests.conftest import ROOT, VERMEER

README = (ROOT / "README.md").read_text(encoding="utf-8")

# Run as they stand, with these words after them so that no gigabyte is fetched. Last one wins.
RUN = {
    "guide tell work.json --length full --language fr": "--model none",
    "cat work.json | guide tell - --json": "--model none",
    'guide tell --title "Head" --form sculpture --subjects "a man" --note "It was found in 1901."': (
        "--model none"
    ),
    "guide batch works.csv guides.jsonl": "--model none",
    "guide models list": "",
    "guide check guide.txt --record work.json": "",
}

# Everything else is parsed by the command itself, options, values and all; why it is not run:
REASONS = {
    "just": "sets up an environment; what it calls is parsed",
    "guide tell": "its like is run above; this one plays sound or fetches a voice",
    "guide batch": "its like is run above; this one wants a cluster or another server",
    "guide speak": "fetches a voice; tests/test_speech_command.py runs it where there is one",
    "guide serve": "does not end; tests/test_web_*.py run it",
    "guide ab": "wants votes; tests/test_ab.py runs it",
    "guide models": "fetches gigabytes; tests/test_fetch.py runs it on loopback",
    "guide collect": "asks museums; tests/test_collect_command.py runs it on loopback",
    "guide scripts": "asks a teacher; tests/test_scripts_write.py runs it on loopback",
    "guide dataset": "counts the whole corpus; tests/test_dataset_build.py runs it on a part",
    "guide train": "takes minutes to hours; tests/test_train_fit.py trains a small one",
    "guide export": "takes minutes; tests/test_export_command.py exports a small one",
    "guide verify": "takes minutes; tests/test_export_command.py verifies a small one",
    "guide publish": "uploads; tests/test_export_publish.py publishes on loopback",
    "guide evaluate": "takes minutes; tests/test_evaluate_command.py runs it on a few works",
    "guide compare": "wants two measured models; tests/test_evaluate_command.py compares two",
    "pip": "the shell's and the installer's own",
    "export": "the shell's and the installer's own",
    "source": "the shell's and the installer's own",
    "eval": "the shell's and the installer's own",
    "sudo": "installs on the machine",
    "docker": "wants Docker",
    "ray": "wants a cluster; tests/test_ray_*.py start a local one",
    "curl": "wants a running server; tests/test_web_*.py run it",
}
# What stands for something of the reader's own.
STAND_INS = {"NAME": "name", "N": "1", "ADDRESS": "auto", "…": ""}


@dataclass(frozen=True)
class Command:
    """One command of the README, in a block or in a line of text."""

    text: str

    @property
    def words(self) -> list[str]:
        return [STAND_INS.get(word, word) for word in shlex.split(self.text)]


def blocks() -> list[Command]:
    """The lines of the fenced blocks that hold commands, without comments."""
    found = []
    for language, block in re.findall(r"^```(\w*)\n(.*?)^```", README, re.MULTILINE | re.DOTALL):
        if language in ("", "sh", "bash", "console"):
            block = block.replace("\\\n", " ")
            lines = [re.sub(r"\s+#\s.*$", "", line).strip() for line in block.split("\n")]
            found += [Command(line) for line in lines if is_command(line)]
    return found


def is_command(line: str) -> bool:
    first = line.partition(" ")[0]
    return first in ("cat", *(reason.partition(" ")[0] for reason in REASONS))


def inline() -> list[Command]:
    """Commands in the running text, such as `guide models pull standard`."""
    text = re.sub(r"^```.*?^```", "", README, flags=re.MULTILINE | re.DOTALL)
    quoted = re.findall(r"`((?:guide|just) [^`]+)`", text)
    return [Command(one) for one in quoted if one not in ("guide batch --engine ray",)]


def reason(command: Command) -> str:
    words = command.text.split()
    return REASONS.get(" ".join(words[:2])) or REASONS.get(words[0]) or ""


def parse(arguments: list[str]) -> None:
    """Let click read a command line, its options, choices and types, and do nothing."""
    command: click.Command = cli
    context = click.Context(cli, info_name="guide")
    while isinstance(command, click.Group):
        if arguments in ([], ["--help"], ["-h"]):
            return  # the name alone, or its help
        name = next(word for word in arguments if not word.startswith("-"))
        found = command.get_command(context, name)
        if found is None:
            if command.invoke_without_command:
                break
            raise click.UsageError(f"no command {name!r}")
        arguments = arguments[: arguments.index(name)] + arguments[arguments.index(name) + 1 :]
        command, context = found, click.Context(found, info_name=name, parent=context)
        if (
            isinstance(command, click.Group)
            and command.invoke_without_command
            and not any(word in command.commands for word in arguments)
        ):
            break
    for option in command.params:
        if getattr(option, "prompt", None):  # asked of a person
            arguments = [*arguments, option.opts[0], "secret"]
    if "--help" not in arguments:
        command.make_context("guide", list(arguments))


@pytest.fixture
def material(tmp_path, monkeypatch):
    """The files that the README speaks of, in an empty folder."""
    (tmp_path / "work.json").write_text(json.dumps(VERMEER))
    (tmp_path / "works.csv").write_text("title,artist,date\nBull III,Le Corbusier,1953\n")
    (tmp_path / "guide.txt").write_text("Johannes Vermeer painted it around 1665.")
    for name in ("ours.csv", "MetObjects.csv"):
        (tmp_path / name).write_text("Title\nA\n")
    (tmp_path / "runs" / "NAME").mkdir(parents=True)
    (tmp_path / "runs" / "name").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("text", RUN, ids=lambda text: text[:40])
def test_command_of_the_readme_runs(text, material, guide):
    assert Command(text) in blocks(), "this line is no longer in the README"
    before, _, line = text.rpartition("|")
    stdin = (material / "work.json").read_text() if before else None
    words = shlex.split(line)[1:] + shlex.split(RUN[text])
    run = guide(*words, stdin=stdin)
    assert run.returncode == 0, run.stderr
    assert run.stdout or (material / "guides.jsonl").exists()


UNTESTED = [c for c in dict.fromkeys([*blocks(), *inline()]) if c.text not in RUN]


@pytest.mark.parametrize("command", UNTESTED, ids=lambda command: command.text[:60])
def test_command_of_the_readme_is_read_by_the_command_itself(command, material):
    assert reason(command), "say in REASONS why this is not run, or run it"
    for part in re.split(r"\s*&&\s*", command.text):
        words = Command(re.sub(r"\s+[<>|].*$", "", part)).words
        while words and re.fullmatch(r"[A-Z_]+=.*", words[0]):
            words = words[1:]
        if words[:1] == ["guide"]:
            parse(words[1:])
        elif words[:1] == ["just"]:
            parse_recipe(words[1:])


def parse_recipe(words: list[str]) -> None:
    """A recipe of the Justfile exists, and the `guide` behind it takes the rest."""
    recipes = (ROOT / "Justfile").read_text(encoding="utf-8")
    names = re.findall(r"^(\w[\w-]*)[^\n:]*:", recipes, re.MULTILINE)
    assert not words or words[0] in names
    if not words or words[0] in ("setup", "test", "lint", "check", "format", "lock", "audit"):
        return
    body = recipes.partition(f"\n{words[0]} ")[2].partition("\n\n")[0]
    behind = re.search(r"\}\}guide ([a-z]+(?: build)?) \"\$@\"", body)
    if behind and len(words) > 1:
        parse([*behind[1].split(), *words[1:]])


def test_the_readme_has_commands_to_test():
    assert len(blocks()) > 15
    assert set(RUN) <= {command.text for command in blocks()}


@pytest.mark.skipif(shutil.which("just") is None, reason="just is not installed here")
def test_just_without_an_argument_lists_the_recipes_in_the_order_of_the_work():
    import subprocess

    listed = subprocess.run(
        ["just", "--justfile", str(ROOT / "Justfile")], capture_output=True, text=True, check=True
    ).stdout
    order = ["setup", "guide", "batch", "collect", "scripts", "dataset", "train", "export"]
    places = [listed.index(f"\n    {name} ") for name in order]
    assert places == sorted(places)
