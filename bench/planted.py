"""Plant one error in a true guide and see whether the fact check finds it.

    python bench/planted.py                       # the reported half of the words, held-out works
    python bench/planted.py --half develop --misses 20

Each case is a script of the corpus with exactly one error planted in it: a year shifted, the
artist, medium or verb of making swapped, a size scaled, the shape flipped, a colour, place,
people, age, century or piece of biography added. A plant is kept only if it is false of the
record: what it says must be neither in any field nor near what the record gives. It counts as
caught when an unsupported claim overlaps the planted words. The words come from
`bench/planted.toml`, CLDR's cities and the artists of the corpus, split in two halves; the half
reported on was not looked at while the check was made.
"""

from __future__ import annotations

import argparse
import json
import platform
import random
import re
import tomllib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zoneinfo import available_timezones

from babel import Locale
from num2words import num2words  # type: ignore[import-untyped]

from bench.facts import WORKS
from data.artwork import Artwork
from data.derive import derive
from data.facts import Checker
from data.guides import Guide, read_corpus

CONTINENTS = ("Europe/", "Asia/", "Africa/", "Australia/")
WORDS = tomllib.loads(Path(__file__).with_name("planted.toml").read_text("utf-8"))
LANGUAGES = ("en", "fr", "de", "es", "it")
_UNIT = {
    "en": "centimet(?:re|er)s?|met(?:re|er)s?",
    "fr": "centimètres?|mètres?",
    "de": "Zentimetern?|Metern?",
    "es": "centímetros?|metros?",
    "it": "centimetri|metri",
}
_BOUNDED = re.compile(
    r"\b(?:over|more|than|least|nearly|almost|under|below|less|plus|moins|presque|près|über|mehr|fast|"
    r"knapp|unter|gut|kaum|más|menos|casi|apenas|oltre|più|meno|quasi|appena|barely|just|beyond|half|"
    r"frame|quarters?)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Case:
    """A script with one error, and where the error stands."""

    kind: str
    guide: Guide
    text: str
    start: int
    end: int


def told(artwork: Artwork) -> str:
    """Everything the record says, in small letters."""
    fields = [artwork.title, artwork.artist, artwork.artist_bio, artwork.date, artwork.medium]
    return " ".join([*(f for f in fields if f), *artwork.subjects, *artwork.notes]).lower()


def replaced(kind: str, guide: Guide, start: int, end: int, new: str) -> Case:
    """The script with one stretch exchanged."""
    text = guide.script[:start] + new + guide.script[end:]
    return Case(kind, guide, text, start, start + len(new))


def added(kind: str, guide: Guide, sentence: str) -> Case:
    """The script with one sentence more, behind its first."""
    cut = re.search(r"[.!?]\s", guide.script)
    at = cut.end() if cut else len(guide.script)
    text = guide.script[:at] + sentence + " " + guide.script[at:]
    return Case(kind, guide, text, at, at + len(sentence))


class Planter:
    """Makes errors out of one half of the words."""

    def __init__(self, half: int, seed: int, artists: list[str]) -> None:
        self.half = half
        self.random = random.Random(seed)
        self.artists = artists
        self.cities = {language: self._cities(language) for language in LANGUAGES}

    def part(self, words: list[Any]) -> list[Any]:
        """Every second word: this planter's half."""
        return [w for i, w in enumerate(words) if i % 2 == self.half] or words

    def _cities(self, language: str) -> list[str]:
        zones = Locale(language).time_zones
        names = []
        for zone in sorted(set(available_timezones()) | set(zones)):
            name = zones.get(zone, {}).get("city") or zone.rpartition("/")[2].replace("_", " ")
            if zone.startswith(CONTINENTS) and name[0].isupper() and len(name) > 4:
                names.append(name)
        return self.part(names)

    def cases(self, guide: Guide) -> Iterator[Case]:
        """Every error that can be planted in one script, at most one of a kind."""
        for make in (
            self.year,
            self.artist,
            self.medium,
            self.size,
            self.orientation,
            self.colour,
            self.place,
            self.verb,
            self.nationality,
            self.age,
            self.century,
            self.story,
        ):
            case = make(guide)
            if case is not None and case.text != guide.script:
                yield case

    def year(self, guide: Guide) -> Case | None:
        """A year shifted by 3 to 60."""
        found = [*re.finditer(r"(?<!\d)1\d{3}(?![\ds])", guide.script)]
        if not found:
            return None
        match = self.random.choice(found)
        new = int(match[0]) + self.random.choice((-1, 1)) * self.random.randint(3, 60)
        dating = derive(guide.artwork).dating
        within = dating is not None and dating.earliest - 2 <= new <= dating.latest + 2
        near = {str(new + d)[-2:] for d in (-1, 0, 1)}
        if within or any(
            re.search(rf"(?<!\d)(?:{str(new)[:2]})?{n}(?!\d)", told(guide.artwork)) for n in near
        ):
            return None
        return replaced("year shifted", guide, *match.span(), str(new))

    def artist(self, guide: Guide) -> Case | None:
        """The artist's name exchanged for another artist's."""
        name = derive(guide.artwork).artist_name or guide.artwork.artist or ""
        at = guide.script.find(name) if len(name) > 4 else -1
        if at < 0:
            return None
        other = self.random.choice(self.artists)
        words = set(re.findall(r"[^\W\d_]{3,}", told(guide.artwork)))
        if words & set(re.findall(r"[^\W\d_]{3,}", other.lower())):
            return None
        return replaced("artist swapped", guide, at, at + len(name), other)

    def medium(self, guide: Guide) -> Case | None:
        """The medium exchanged for another."""
        table = WORDS["medium"][guide.language]
        for phrase in table["find"]:
            match = re.search(re.escape(phrase), guide.script, re.IGNORECASE)
            if match:
                new = self.random.choice(self.part(table["put"]))
                record = (guide.artwork.medium or "").lower()
                if self._shares(new, guide, record):
                    return None
                return replaced("medium swapped", guide, *match.span(), new)
        return None

    def _shares(self, new: str, guide: Guide, record: str) -> bool:
        """Whether a planted medium names anything the record has, by its English counterpart."""
        table = WORDS["medium"]
        english = table["en"]["put"] if guide.language == "en" else None
        stems = {
            "past": "pastel",
            "temp": "tempera",
            "détr": "tempera",
            "gouac": "gouache",
            "guaz": "gouache",
            "acr": "acryl",
            "char": "charcoal",
            "fus": "charcoal",
            "kohl": "charcoal",
            "carb": "charcoal",
            "chal": "chalk",
            "sang": "chalk",
            "röt": "chalk",
            "bron": "bronze",
            "mar": "marble",
            "porc": "porcelain",
            "porz": "porcelain",
            "lac": "lacquer",
            "laq": "lacquer",
            "wool": "wool",
            "mezz": "mezzotint",
            "cyan": "cyanotype",
            "fres": "fresco",
            "affr": "fresco",
            "silv": "silver",
            "punt": "silver",
            "poin": "silver",
            "silb": "silver",
            "encau": "encaustic",
            "cer": "wax",
            "wachs": "wax",
            "egg": "tempera",
            "red": "chalk",
            "cast": "bronze",
        }
        words = re.findall(r"[^\W\d_]+", new.lower())
        named = {s for w in words for p, s in stems.items() if w.startswith(p)}
        return any(n in record for n in named) or (english is None and not named)

    def size(self, guide: Guide) -> Case | None:
        """A size made a half to three times what it is."""
        unit = _UNIT[guide.language]
        pattern = re.compile(rf"(?<![\d.,])(\d+(?:[.,]\d+)?) (?:{unit})\b", re.IGNORECASE)
        found = [
            m
            for m in pattern.finditer(guide.script)
            if not _BOUNDED.search(guide.script[max(0, m.start() - 24) : m.start()])
            and not _BOUNDED.search(guide.script[m.end() : m.end() + 16])
        ]
        spelled = self._spelled_size(guide)
        if not found and spelled is None:
            return None
        if not found:
            return spelled
        match = self.random.choice(found)
        value = float(match[1].replace(",", "."))
        new = value * self.random.choice((0.45, 0.6, 1.6, 2.2, 3.0))
        cm = new * (100 if re.search(r" m[eè]t", match[0], re.IGNORECASE) else 1)
        if self._near_a_measure(cm, guide.artwork):
            return None
        number = f"{new:.1f}" if "." in match[1] or "," in match[1] else str(round(new))
        if guide.language != "en":
            number = number.replace(".", ",")
        return replaced("size scaled", guide, match.start(1), match.end(1), number)

    def _spelled_size(self, guide: Guide) -> Case | None:
        """The same for a number in words: "forty-six centimetres"."""
        for value in range(99, 9, -1):
            word = num2words(value, lang=guide.language)
            pattern = rf"(?<![\w-]){re.escape(word)} (?:{_UNIT[guide.language]})\b"
            match = re.search(pattern, guide.script, re.IGNORECASE)
            if not match or "ent" not in match[0][len(word) :].lower():
                continue
            if _BOUNDED.search(guide.script[max(0, match.start() - 24) : match.start()]):
                return None
            new = round(value * self.random.choice((0.45, 0.6, 1.6, 2.2)))
            if (
                new < 3
                or self._near_a_measure(new, guide.artwork)
                or self._near_a_measure(new + 100, guide.artwork)
            ):
                return None
            end = match.start() + len(word)
            return replaced(
                "size scaled", guide, match.start(), end, num2words(new, lang=guide.language)
            )
        return None

    @staticmethod
    def _near_a_measure(cm: float, artwork: Artwork) -> bool:
        """Whether any number of the dimensions, in any unit, comes within a sixth of it."""
        for text in (artwork.dimensions or "", *artwork.notes, artwork.title):
            for number in re.findall(r"\d+(?:\.\d+)?", text):
                for scale in (1, 0.1, 100, 2.54, 30.48):
                    if abs(float(number) * scale - cm) <= 0.17 * cm:
                        return True
        return False

    def orientation(self, guide: Guide) -> Case | None:
        """The other shape said of a plainly tall or wide work."""
        derived = derive(guide.artwork)
        if derived.orientation not in ("tall", "wide") or (derived.ratio or 1) < 1.15:
            return None
        other = "wide" if derived.orientation == "tall" else "tall"
        sentence = self.random.choice(WORDS["orientation"][guide.language][other])
        return added("orientation flipped", guide, sentence)

    def colour(self, guide: Guide) -> Case | None:
        """A coloured thing that no field gives; works whose record names any colour are left."""
        if re.search(
            r"colou?r|red|blue|green|yellow|white|black|grey|gray|brown|gold|silver|pink|purple|"
            r"orange|violet|rose|crimson|scarlet|dark|pale|blond|ivory|print|photo|ink|pencil|graphite|"
            r"charcoal|chalk|etch|engrav|litho|copper|bronze|oro|rouge|noir|blanc|bleu|vert",
            told(guide.artwork),
        ):
            return None
        table = WORDS["colour"][guide.language]
        sentence = self.random.choice(table["say"]).format(
            c=self.random.choice(self.part(table["words"]))
        )
        return added("colour added", guide, sentence)

    def place(self, guide: Guide) -> Case | None:
        """A city that no field names."""
        city = self.random.choice(self.cities[guide.language])
        if city.lower()[:5] in told(guide.artwork):
            return None
        sentence = self.random.choice(WORDS["place"][guide.language]).format(p=city)
        return added("place added", guide, sentence)

    def verb(self, guide: Guide) -> Case | None:
        """The verb of making exchanged for that of another art."""
        if (
            re.search(
                r"carv|sculpt|print|engrav|etch|photo|wov|weav|embroid|textile|relief|"
                r"cut|wood ?block|litho|"
                r"thread|stitch|paint(?!ing)\w* (?:sculpt|wood)|tapestr|camera|knit|polychrom",
                told(guide.artwork),
            )
            and guide.artwork.form.value == "painting"
        ):
            return None
        if guide.artwork.form.value not in ("painting", "sculpture"):
            return None
        if guide.artwork.form.value == "sculpture" and re.search(
            r"paint|pigment|polychrom|colo", told(guide.artwork)
        ):
            return None
        for word, others in WORDS["verb"][guide.language].items():
            makes = "paint" if word not in ("carved", "photographed", "drew", "a sculpté") else word
            if (guide.artwork.form.value == "painting") != (makes == "paint"):
                continue
            match = re.search(rf"(?<!\w){word}(?!\w)", guide.script)
            if match:
                return replaced(
                    "form verb changed", guide, *match.span(), self.random.choice(self.part(others))
                )
        return None

    def nationality(self, guide: Guide) -> Case | None:
        """Another people than any the record names."""
        table = WORDS["nationality"][guide.language]
        word, code = self.random.choice(self.part([*table.items()]))
        country = Locale("en").territories[code].lower()
        english = {c: n for n, c in WORDS["nationality"]["en"].items()}[code].lower()
        if (
            country in told(guide.artwork)
            or english[:5] in told(guide.artwork)
            or english[:4] in told(guide.artwork)
        ):
            return None
        cities = {
            "SE": "stockholm",
            "PT": "lisb",
            "HU": "budapest",
            "MX": "mexic",
            "NO": "oslo",
            "BR": "rio",
            "PL": "warsaw",
            "FI": "helsinki",
            "BE": "antwerp|brussel|bruges|flem|ghent",
            "DK": "copenhagen",
        }
        if re.search(cities[code], told(guide.artwork)):
            return None
        sentence = self.random.choice(WORDS["nationality_say"][guide.language]).format(n=word)
        return added("people added", guide, sentence)

    def age(self, guide: Guide) -> Case | None:
        """An age that no two years of the record give."""
        years = sorted({int(y) for y in re.findall(r"(?<!\d)\d{4}(?!\d)", told(guide.artwork))})
        derived = derive(guide.artwork)
        if derived.age is None or not years:
            return None
        spans = {b - a for a in years for b in years if b > a} | set(derived.age)
        wrong = [
            a
            for a in range(18, 90)
            if all(abs(a - s) > 4 for s in spans)
            and not derived.age[0] - 5 < a < derived.age[1] + 5
        ]
        if not wrong or len(years) > 6:
            return None
        sentence = self.random.choice(WORDS["age"][guide.language]).format(
            a=self.random.choice(wrong)
        )
        return added("age wrong", guide, sentence)

    def century(self, guide: Guide) -> Case | None:
        """A century at least two away from any the record speaks of."""
        years = [int(y) for y in re.findall(r"(?<!\d)\d{4}(?!\d)", told(guide.artwork))]
        dating = derive(guide.artwork).dating
        if dating is None or "centur" in told(guide.artwork) or not years:
            return None
        spoken = {y // 100 + 1 for y in years} | {abs(c) for c in dating.centuries}
        wrong = [c for c in range(14, 20) if all(abs(c - s) > 1 for s in spoken)]
        if not wrong:
            return None
        century = self.random.choice(wrong)
        roman = {14: "XIV", 15: "XV", 16: "XVI", 17: "XVII", 18: "XVIII", 19: "XIX"}[century]
        said = {
            "en": num2words(century, to="ordinal"),
            "fr": roman + "e",
            "de": f"{century}.",
            "es": num2words(century, lang="es"),
            "it": num2words(century, lang="it", to="ordinal"),
        }
        sentence = self.random.choice(WORDS["century"][guide.language]).format(
            o=said[guide.language]
        )
        return added("century wrong", guide, sentence)

    def story(self, guide: Guide) -> Case | None:
        """A piece of biography; only where the record has no notes, and no life for births."""
        if guide.artwork.notes or guide.artwork.subjects or guide.artwork.artist_bio:
            return None
        return added(
            "story invented", guide, self.random.choice(self.part(WORDS["story"][guide.language]))
        )


def caught(case: Case, checker: Checker) -> bool:
    """Whether an unsupported claim touches the planted words."""
    report = checker.check(case.text)
    return any(c.start < case.end and case.start < c.end for c in report.unsupported)


def main() -> None:
    """Plant, check, and print the share caught for each kind and language."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--half", choices=("develop", "report"), default="report")
    parser.add_argument("--seed", type=int, default=20)
    parser.add_argument("--works", choices=WORKS, default="all")
    parser.add_argument("--misses", type=int, default=0, metavar="N", help="print N misses")
    parser.add_argument("--english", type=float, default=0.35, help="share of English scripts used")
    options = parser.parse_args()
    guides = read_corpus()
    artists = sorted({derive(g.artwork).artist_name or "" for g in guides})
    artists = [a for a in artists if len(a.split()) in (2, 3) and a.replace(" ", "").isalpha()]
    half = 0 if options.half == "develop" else 1
    planter = Planter(half, options.seed, [a for i, a in enumerate(artists) if i % 2 == half])
    seen: Counter[tuple[str, str]] = Counter()
    found: Counter[tuple[str, str]] = Counter()
    misses: list[Case] = []
    for guide in guides:
        if not WORKS[options.works](guide.artwork):
            continue
        if guide.language == "en" and planter.random.random() > options.english:
            continue
        checker = Checker(guide.artwork, guide.language)
        for case in planter.cases(guide):
            seen[case.kind, guide.language] += 1
            if caught(case, checker):
                found[case.kind, guide.language] += 1
            else:
                misses.append(case)
    show(seen, found, misses, options, planter.random)


def show(
    seen: Counter[tuple[str, str]],
    found: Counter[tuple[str, str]],
    misses: list[Case],
    options: argparse.Namespace,
    chance: random.Random,
) -> None:
    """Print the table and, if asked, some misses."""
    print(
        f"{sum(seen.values())} planted errors, {sum(found.values())} caught; half {options.half}, "
        f"works {options.works}, seed {options.seed}; {platform.machine()}, "
        f"Python {platform.python_version()}"
    )
    print(f"{'kind':22}" + "".join(f"{language:>16}" for language in LANGUAGES))
    for kind in dict.fromkeys(k for k, _ in seen):
        cells = [
            f"{found[kind, g]}/{seen[kind, g]} {100 * found[kind, g] / seen[kind, g]:.0f}%"
            if seen[kind, g]
            else "-"
            for g in LANGUAGES
        ]
        print(f"{kind:22}" + "".join(f"{cell:>16}" for cell in cells))
    chance.shuffle(misses)
    for case in misses[: options.misses]:
        before, planted = (
            case.text[max(0, case.start - 40) : case.start],
            case.text[case.start : case.end],
        )
        print(
            json.dumps(
                [
                    case.kind,
                    case.guide.language,
                    case.guide.id,
                    before,
                    planted,
                    case.text[case.end : case.end + 40],
                ],
                ensure_ascii=False,
            )
        )


if __name__ == "__main__":
    main()
