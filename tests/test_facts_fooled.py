"""Texts written to fool the fact check: a dozen inventions each, told as warmly as a good guide.

Fifty shorter ones stand in `fixtures/fooling.toml`.
"""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from data.artwork import Artwork
from data.facts import check

FOOLING = tomllib.loads(
    (Path(__file__).parent / "fixtures" / "fooling.toml").read_text(encoding="utf-8")
)
FEWEST = 0.75
"""Share of the marked inventions that has to be found in each language."""

RECORD = Artwork(
    title="Hunting in the Pontine Marshes",
    artist="Attributed to Horace Vernet",
    artist_bio="French, Paris 1789–1863 Paris",
    date="1833",
    medium="oil on canvas",
    dimensions="100 x 137 cm (39 3/8 x 53 15/16 in.)",
    subjects=("marsh", "hunters", "boat"),
)

ENGLISH = (
    "Horace Vernet was only nineteen when he carved out this scene in 1835, {1}having just returned "
    "from a summer near Naples. A pupil of David, he is best known for battle scenes. The panel is "
    "almost two metres wide and taller than it is wide. Look for the red coat of the older hunter, "
    "and for the two dogs at his feet. It was commissioned by Prince Borghese in the eighteenth "
    "century, and the egg tempera still glows. Critics call it a masterpiece. A Norwegian collector "
    "bought it ninety years later."
).replace("{1}", "")
INVENTED = [
    "Horace", "nineteen", "carved", "1835", "Naples", "pupil of", "best known for", "two metres",
    "taller than it is wide", "red", "dogs", "commissioned by", "Borghese", "eighteenth century",
    "tempera", "masterpiece", "Norwegian",
]  # fmt: skip

GERMAN = (
    "Horace Vernet war erst neunzehn Jahre alt, als er dieses Bild 1835 schnitzte. Er war Schüler "
    "eines Hofmalers und ist bekannt für Schlachten. Die Leinwand ist zwei Meter breit und höher als "
    "breit. Suchen Sie die rote Jacke. Das Werk entstand in Neapel, im Auftrag eines Kaufmanns, im "
    "sechzehnten Jahrhundert. Ein norwegischer Sammler kaufte es. Kenner nennen es ein Meisterwerk."
)
INVENTED_GERMAN = [
    "Horace", "neunzehn", "1835", "schnitzte", "Schüler", "bekannt für", "zwei Meter",
    "höher als breit", "rote", "Neapel", "im Auftrag", "sechzehnten Jahrhundert", "norwegischer",
    "Meisterwerk",
]  # fmt: skip

FRENCH = (
    "Horace Vernet avait dix-neuf ans quand il sculpta cette scène en 1835. Élève de David, il est "
    "surtout connu pour ses batailles. La toile mesure deux mètres de large, plus haute que large. "
    "Cherchez le manteau rouge. L'œuvre a été faite à Naples, au seizième siècle, et c'est une "
    "détrempe sur bois. Un collectionneur norvégien l'acheta. C'est un chef-d'œuvre."
)
INVENTED_FRENCH = [
    "Horace", "dix-neuf ans", "sculpta", "1835", "Élève de", "connu pour", "deux mètres",
    "plus haute que large", "rouge", "Naples", "seizième siècle", "détrempe", "norvégien",
    "chef-d'œuvre",
]  # fmt: skip


@pytest.mark.parametrize(
    ("language", "text", "said"),
    [
        (language, text, said)
        for language, text, inventions in (
            ("en", ENGLISH, INVENTED), ("de", GERMAN, INVENTED_GERMAN), ("fr", FRENCH, INVENTED_FRENCH),
        )
        for said in inventions
    ],
)  # fmt: skip
def test_an_invention_in_a_warm_text_is_marked(language, text, said):
    start = text.index(said)
    report = check(text, RECORD, language)
    assert any(c.start < start + len(said) and start < c.end for c in report.unsupported)


def test_the_true_version_of_the_text_is_left_alone():
    text = (
        "Hunting in the Pontine Marshes is attributed to Horace Vernet, a French painter born in "
        "Paris. It dates from 1833, when he was about 44, and it is oil on canvas. At a metre high "
        "and nearly one metre forty wide, it is wider than it is tall. The catalogue lists a marsh, "
        "hunters and a boat. Find the boat first. Oil dries slowly, so a painter can return to it."
    )
    assert check(text, RECORD).unsupported == ()


def _unmarked(text):
    """The text without its marks, and the spans of what was in double brackets and in braces."""
    plain = ""
    spans: list[tuple[int, int]] = []
    blind: list[tuple[int, int]] = []
    for part in re.split(r"(\[\[.*?\]\]|\{\{.*?\}\})", text):
        marked = part[:2] in ("[[", "{{")
        said = part[2:-2] if marked else part
        if marked:
            (spans if part[0] == "[" else blind).append((len(plain), len(plain) + len(said)))
        plain += said
    return plain, spans, blind


@pytest.mark.parametrize("language", ["en", "fr", "de", "es", "it"])
def test_short_fooling_texts_are_seen_through_and_their_true_parts_left_alone(language):
    found, wanted, false = 0, 0, []
    for row in FOOLING[language]:
        text, spans, blind = _unmarked(row["text"])
        claims = check(text, Artwork(**FOOLING["records"][row["record"]]), language).unsupported
        wanted += len(spans)
        found += sum(any(c.start < end and start < c.end for c in claims) for start, end in spans)
        false += [
            text[c.start : c.end]
            for c in claims
            if not any(c.start < end and start < c.end for start, end in spans + blind)
        ]
    assert false == []
    assert found >= FEWEST * wanted


def test_no_fooling_text_passes_as_clean():
    for language in ("en", "fr", "de", "es", "it"):
        for row in FOOLING[language]:
            text, _, _ = _unmarked(row["text"])
            artwork = Artwork(**FOOLING["records"][row["record"]])
            assert not check(text, artwork, language).clean, text
