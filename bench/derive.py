"""How often sizes, shapes and ages in the corpus's clear scripts agree with the derived facts.

    python bench/derive.py
    python bench/derive.py --corpus data/corpus/guides.jsonl --language fr --style literary

Reads every length with its side ("1.3 metres high"), every age ("about 36") and every shape ("wider
than it is tall") out of the scripts and compares it with what the derived lines would say for that
record. Prints each one that does not agree, "missing" where there is no derived value, and then
the share that agrees.
"""

from __future__ import annotations

import json
import platform
import re
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import click

sys.path.insert(0, str(Path(__file__).parents[1]))

from data.artwork import Artwork, parse_artwork
from data.derive import Derived, derive, derived_lines
from data.dimensions import Size
from data.wording import LANGUAGES, load_wording, round_length

_NUMBER = r"(?P<number>\d+(?:[.,]\d+)?|\b(?:one|a|un|einen|ein)\b)"
_METRE = r"(?P<centi>[Cc]enti|Zenti|centí|cent[ií])?[Mm][eèé]t(?:re?s?|er|r[oi]s?)\b"
_LENGTHS = {
    "en": rf"{_NUMBER} {_METRE} (?P<side>high|tall|wide|across|deep)",
    "fr": rf"{_NUMBER} {_METRE} de (?P<side>haut|large|profondeur)\b",
    "de": rf"{_NUMBER} {_METRE} (?P<side>hoch|Höhe|breit|Breite|tief)\b",
    "es": rf"{_NUMBER}(?: {_METRE})? de (?P<side>alto|ancho)\b",
    "it": (
        rf"(?:(?P<before>alt|larg)[oaie] )?(?:circa )?{_NUMBER}(?: {_METRE})?"
        r"(?: (?:di|in) (?P<side>altezza|larghezza))?"
    ),
}
_SIDES = {
    "high tall haut hoch höhe alto altezza alt": "height",
    "wide across large breit breite ancho larghezza larg": "width",
    "deep profondeur tief": "depth",
}
_SIDE = {word: side for words, side in _SIDES.items() for word in words.split()}
_NOT_A_SIZE = r"(?! ?(?:\d|[.,]\d|centi|met|%))"
_AGES = {
    "en": rf"\b(?:about|aged|age of) (?P<age>\d\d){_NOT_A_SIZE}(?: years)?(?=[\s,.;])",
    "fr": r"\benviron (?P<age>\d\d) ans\b",
    "de": r"\betwa (?P<age>\d\d) Jahren?\b",
    "es": r"\b(?:unos (?P<age>\d\d)|los (?P<other>\d\d)) años(?(other) (?:aprox|más o))",
    "it": r"\b(?:circa|più o meno) (?P<age>\d\d) anni\b",
}
_SHAPES = {
    "en": r"(?P<wide>wider than it is)|(?P<tall>taller than it is)|(?P<square>nearly square)",
    "fr": r"(?P<wide>plus large que haut)|(?P<tall>plus haute? que larg)|(?P<square>presque carré)",
    "de": r"(?P<wide>breiter als hoch)|(?P<tall>höher als breit)|(?P<square>nahezu quadratisch)",
    "es": r"(?P<wide>más anch. que al)|(?P<tall>más alt. que an)|(?P<square>casi (?:un )?cua)",
    "it": r"(?P<wide>più larg[oa] che alt)|(?P<tall>più alt[oa] che larg)|(?P<square>quasi quadr)",
}


@dataclass(frozen=True, slots=True)
class Said:
    """One number of a script, what is derived for it, and the words it was said with."""

    kind: Literal["size", "shape", "age"]
    said: str
    derived: str
    words: str

    @property
    def agrees(self) -> bool:
        """Whether both are the same number in the same unit."""
        return self.said == self.derived


def said_sizes(script: str, language: str, size: Size | None) -> Iterator[Said]:
    """Every length in a script whose side is named."""
    unit = "length-meter"
    for match in re.finditer(_LENGTHS[language], script):
        groups = match.groupdict()
        word = groups["side"] or groups.get("before")
        if "etr" in match[0] or "ete" in match[0] or "ètr" in match[0]:
            unit = "length-centimeter" if groups["centi"] else "length-meter"
        elif not word:
            continue
        side = _SIDE.get((word or "").lower())
        if side is None:
            continue
        number = groups["number"].replace(",", ".")
        value = float(number) if number[0].isdigit() else 1.0
        true = None if size is None else getattr(size, side)
        derived = "missing" if true is None else _length(*round_length(true))
        yield Said("size", _length(value, unit), derived, match[0])


def _length(value: float, unit: str) -> str:
    return f"{value:g} {unit.removeprefix('length-')}"


def said_ages(script: str, language: str, facts: Derived) -> Iterator[Said]:
    """Every age in a script that is said as a round figure of the artist's."""
    for match in re.finditer(_AGES[language], script):
        age = match["age"] or match.groupdict().get("other")
        derived = "missing" if facts.about_age is None else str(facts.about_age)
        yield Said("age", str(age), derived, match[0])


def said_shapes(script: str, language: str, facts: Derived) -> Iterator[Said]:
    """Every statement of a script that a work is wide, tall or nearly square."""
    for match in re.finditer(_SHAPES[language], script):
        derived = (facts.orientation or "missing").removeprefix("nearly ")
        yield Said("shape", str(match.lastgroup), derived, match[0])


@click.command(help=(__doc__ or "").split("\n\n")[0])
@click.option(
    "--corpus",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    default=Path(__file__).parents[1] / "data" / "corpus" / "guides.jsonl",
    help="JSON lines with artwork, script, language and style.",
)
@click.option("--language", type=click.Choice(LANGUAGES), help="Only this one; all by default.")
@click.option("--style", default="clear", show_default=True, help="The register to read.")
@click.option("--lines", "show", type=int, default=0, help="Also print the lines of N records.")
def main(corpus: Path, language: str | None, style: str, show: int) -> None:
    """Count, print the disagreements, and time the lines."""
    counts: Counter[tuple[str, str, str]] = Counter()
    misses: list[str] = []
    artworks: list[tuple[Artwork, str]] = []
    for row in map(json.loads, corpus.read_text(encoding="utf-8").splitlines()):
        if row["style"] != style or language not in (None, row["language"]):
            continue
        artwork = parse_artwork(row["artwork"], row["id"])
        artworks.append((artwork, row["language"]))
        facts = derive(artwork)
        for said in (
            *said_sizes(row["script"], row["language"], facts.size),
            *said_shapes(row["script"], row["language"], facts),
            *said_ages(row["script"], row["language"], facts),
        ):
            verdict = (
                "agrees" if said.agrees else "missing" if said.derived == "missing" else "differs"
            )
            counts[row["language"], said.kind, verdict] += 1
            if not said.agrees:
                field = (
                    artwork.dimensions
                    if said.kind != "age"
                    else f"{artwork.artist} | {artwork.artist_bio} | {artwork.date}"
                )
                misses.append(f"{row['id']:16} {said.words!r} derived {said.derived} | {field}")
    _report(counts, misses)
    for artwork, code in artworks[:show]:
        click.echo(f"\n{artwork.as_record()}\n  " + "\n  ".join(derived_lines(artwork, code)))
    _time(artworks)


def _report(counts: Counter[tuple[str, str, str]], misses: list[str]) -> None:
    click.echo("\n".join(sorted(misses)))
    click.echo(f"\n{'':10}{'said':>7}{'agree':>7}{'differ':>8}{'missing':>9}{'share':>8}")
    for kind in ("size", "shape", "age"):
        for code in ("all", *LANGUAGES):
            agree, differ, missing = (
                sum(n for (c, k, v), n in counts.items() if code in ("all", c) and (k, v) == key)
                for key in ((kind, "agrees"), (kind, "differs"), (kind, "missing"))
            )
            if said := agree + differ + missing:
                click.echo(
                    f"{kind + ' ' + code:10}{said:7}{agree:7}{differ:8}{missing:9}"
                    f"{agree / said:8.1%}"
                )


def _time(artworks: list[tuple[Artwork, str]]) -> None:
    for code in LANGUAGES:
        load_wording(code)
    start = time.perf_counter()
    for artwork, code in artworks:
        derived_lines(artwork, code)
    each = (time.perf_counter() - start) / max(1, len(artworks))
    click.echo(
        f"\nderived_lines: {each * 1000:.3f} ms a record over {len(artworks)} records, "
        f"Python {platform.python_version()}, {platform.processor() or platform.machine()}"
    )


if __name__ == "__main__":
    main()
