"""The map is true: every link of the documents leads somewhere, every function named is there."""

import ast
import re
from pathlib import Path

import pytest

from tests.conftest import ROOT

LINK = re.compile(r"\[([^\]]*)\]\(([^)\s]+)\)")
DOTTED = re.compile(r"`([a-z_]+(?:\.\w+)+)`")
DOCUMENTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]


def links(document: Path) -> list[tuple[str, Path]]:
    found = []
    for words, target in LINK.findall(document.read_text(encoding="utf-8")):
        if "://" not in target and not target.startswith("#"):
            found.append((words, document.parent / target.partition("#")[0]))
    return found


def names(module: Path) -> set[str]:
    """The functions and classes a module defines."""
    body = ast.parse(module.read_text(encoding="utf-8")).body
    return {
        node.name
        for node in body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
    }


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_link_of_a_document_leads_to_a_file(document):
    assert [str(target) for _, target in links(document) if not target.exists()] == []


def test_every_function_on_the_map_is_in_the_file_it_links_to():
    found = 0
    for words, target in links(ROOT / "docs" / "ARCHITECTURE.md"):
        dotted = DOTTED.fullmatch(words)
        if dotted and target.suffix == ".py" and not words.strip("`").endswith(".py"):
            module, _, name = dotted[1].rpartition(".")
            file = target.resolve().relative_to(ROOT).with_suffix("")
            assert ".".join(file.parts).removesuffix(".__init__") == module, words
            assert name in names(target), words
            found += 1
    assert found > 30
