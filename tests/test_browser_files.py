"""The page's files as such: five whole translations, nothing inline, nothing from elsewhere."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from infer.web.page import LANGUAGES, tour_files

PAGE = Path(__file__).parents[1] / "infer" / "web" / "page"
HTML = sorted(PAGE.glob("*.html"))
SCRIPTS = sorted(PAGE.rglob("*.js"))
DYNAMIC = re.compile(r"\bt\(\s*`([a-z.]*)\$\{")


def strings(language: str, part: str = "") -> dict[str, Any]:
    """One translation."""
    found: dict[str, Any] = json.loads((PAGE / "i18n" / part / f"{language}.json").read_text())
    return found


def names(text: object) -> set[str]:
    """The {names} that a string fills in, in any of its plural forms."""
    return set(re.findall(r"\{(\w+)\}", json.dumps(text, ensure_ascii=False)))


@pytest.mark.parametrize("part", ["", "curator"])
@pytest.mark.parametrize("language", LANGUAGES[1:])
def test_every_string_is_there_in_every_language(language: str, part: str) -> None:
    english, other = strings("en", part), strings(language, part)
    assert list(other) == list(english)
    for key, text in english.items():
        assert names(other[key]) == names(text), key
        assert isinstance(other[key], dict) == isinstance(text, dict), key


def test_every_string_the_page_asks_for_is_there() -> None:
    known = set(strings("en")) | set(strings("en", "curator"))
    for file in [*SCRIPTS, *HTML]:
        text = file.read_text()
        asked = set(re.findall(r'\bt\(\s*"([^"]+)"', text))
        asked |= set(re.findall(r'data-i18n(?:-label|-placeholder)?="([^"]+)"', text))
        assert asked <= known, file.name
        for prefix in DYNAMIC.findall(text):
            assert any(key.startswith(prefix) for key in known), f"{file.name}: {prefix}"


@pytest.mark.parametrize("file", HTML, ids=lambda file: file.name)
def test_nothing_is_inline_and_nothing_comes_from_elsewhere(file: Path) -> None:
    text = file.read_text()
    assert not re.search(r"<style|\sstyle=|\son\w+=|javascript:", text)
    assert not re.search(r"<script(?![^>]*\ssrc=)", text)
    assert not re.search(r'(?:src|href)="(?:https?:)?//', text)


def test_no_script_writes_markup() -> None:
    for file in SCRIPTS:
        assert not re.search(
            r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(", file.read_text()
        ), file


def test_the_service_worker_keeps_files_that_exist_and_all_of_the_visitors_scripts() -> None:
    kept = set(re.findall(r'"/static/([^"]+)"', (PAGE / "sw.js").read_text()))
    assert all((PAGE / name).is_file() for name in kept)
    scripts = {f"js/{file.name}" for file in PAGE.glob("js/*.js")} - {"js/tour.js"}
    assert scripts <= kept


def test_a_tours_data_cannot_end_its_script() -> None:
    files = dict(tour_files({"museum": "</script><!--\u2028", "created": "", "works": []}))
    data = files["data.js"].decode()
    assert "</script>" not in data
    assert "<!--" not in data
    assert (
        json.loads(data.removeprefix("window.MUSEUM_GUIDE_TOUR = ").removesuffix(";\n"))["museum"]
        == "</script><!--\u2028"
    )
    assert files["index.html"].startswith(b"<!doctype html>")
