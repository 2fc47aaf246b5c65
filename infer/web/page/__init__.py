"""The page's static files, and the files of a tour that plays from a folder with no server.

    from infer.web.page import PAGE, tour_files
    for name, content in tour_files({"museum": "…", "created": "…", "works": […]}):
        archive.writestr(name, content)

Nothing here is built or fetched: HTML, CSS, ES modules, translations and icons are served as they
lie in this folder. A browser loads no ES module and no JSON from `file://`, so a tour has one
classic script, and its strings and works are scripts too.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from importlib.resources import files
from typing import Any

PAGE = files("infer.web.page")
"""The folder that the server offers as `/static/`."""

_TOUR = {
    "index.html": "tour.html",
    "css/base.css": "css/base.css",
    "css/visitor.css": "css/visitor.css",
    "css/tour.css": "css/tour.css",
    "js/theme.js": "js/theme.js",
    "js/tour.js": "js/tour.js",
    "icons/icon.svg": "icons/icon.svg",
}
"""Files of a tour, and where each lies in this folder."""

LANGUAGES = ("en", "fr", "de", "es", "it")


def tour_files(tour: Mapping[str, Any]) -> Iterator[tuple[str, bytes]]:
    """Everything of an exported tour but its audio: relative path and content.

    `tour` has `museum`, `created` and `works`; a work has its `id`, `stop`, `title`, `artist`,
    `date`, `artwork` and `guides`; a guide is what `GET /api/guides/{id}` answers, with `audio`
    a path relative to the folder (or None).
    """
    for name, source in _TOUR.items():
        yield name, PAGE.joinpath(source).read_bytes()
    strings = {
        language: json.loads(PAGE.joinpath(f"i18n/{language}.json").read_text("utf-8"))
        for language in LANGUAGES
    }
    yield "js/strings.js", _script("MUSEUM_GUIDE_STRINGS", strings)
    yield "data.js", _script("MUSEUM_GUIDE_TOUR", tour)


def _script(name: str, value: object) -> bytes:
    """A script that sets one global; the escapes keep it valid wherever it is pasted."""
    content = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    for character, escape in (("<", "\\u003c"), ("\u2028", "\\u2028"), ("\u2029", "\\u2029")):
        content = content.replace(character, escape)
    return f"window.{name} = {content};\n".encode()
