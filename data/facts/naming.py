"""Claims made of names: people, places, peoples.

    for claim in name_claims(passage, facts): ...

A capital letter inside a sentence makes a name, but for German nouns; at its beginning only a
word that the dictionary does not have. A name stands when the record has it, in this spelling, a
near one, or in translation; places and peoples are compared by what they mean (Anvers, Antwerp).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from data.facts.grammar import named_centuries
from data.facts.lexicon import given_names, is_common, lore, place
from data.facts.passage import Passage, Sentence
from data.facts.peoples import of_a_nation, people_claims, spoken_countries
from data.facts.record import Facts
from data.facts.report import Claim, Kind, Verdict
from data.facts.text import Word

_PARTICLES = frozenset(
    [
        "van",
        "von",
        "de",
        "da",
        "di",
        "del",
        "della",
        "der",
        "den",
        "du",
        "la",
        "le",
        "el",
        "al",
        "ter",
        "ten",
        "y",
        "e",
        "und",
        "of",
    ]
)


@dataclass(frozen=True, slots=True)
class _Name:
    words: tuple[Word, ...]

    @property
    def span(self) -> tuple[int, int]:
        return self.words[0].start, self.words[-1].end

    @property
    def folded(self) -> str:
        return " ".join(w.folded for w in self.words)


def name_claims(passage: Passage, facts: Facts) -> Iterator[Claim]:
    """One claim for each run of capitalised words that name something."""
    title_words = _quoted_words(passage) if passage.grammar.language != "en" else frozenset()
    known = facts.countries | spoken_countries(passage, facts)
    for sentence in passage.sentences:
        for name in _names(sentence, passage, facts):
            if passage.in_quotes(name.words[0].start) and passage.grammar.language != "en":
                continue
            if _only_begins(name, sentence, passage):
                continue
            claim = _judge(name, passage, facts, title_words, known)
            if claim is not None:
                yield claim
        yield from people_claims(sentence, passage, facts, known)


def _only_begins(name: _Name, sentence: Sentence, passage: Passage) -> bool:
    """Whether it is an article, a pronoun or the like that has its capital from the sentence.

    The record may have the same word: "The" where it names The Hague.
    """
    first, *more = name.words
    opens = first is sentence.words[0]
    return opens and not more and bool(passage.grammar.phrases["function"].fullmatch(first.folded))


def _quoted_words(passage: Passage) -> frozenset[str]:
    """Words of what stands in quotation marks: in translation, the title."""
    return frozenset(w.folded for w in passage.words if passage.in_quotes(w.start))


def _names(sentence: Sentence, passage: Passage, facts: Facts) -> Iterator[_Name]:
    run: list[Word] = []
    makers = _german_makers(sentence, passage) if passage.grammar.language == "de" else frozenset()
    for i, word in enumerate(sentence.words):
        joined = bool(run) and word.capitalised and run[-1].folded in given_names()
        if joined or i in makers or _is_name(word, i, sentence, passage, facts):
            gap = passage.text[run[-1].end : word.start] if run else ""
            if run and gap not in (" ", "-", "\u00a0"):
                yield _Name(tuple(run))
                run = []
            run.append(word)
        elif run:
            yield _Name(tuple(run))
            run = []
    if run:
        yield _Name(tuple(run))


def _is_name(word: Word, i: int, sentence: Sentence, passage: Passage, facts: Facts) -> bool:
    if not word.capitalised or len(word.written) < 2 or word.digits:
        return False
    if i == 0 and len(word.written) == 2 and word.folded not in facts.words:
        return False
    language = passage.grammar.language
    if word.folded in facts.words:
        return True
    first = i == 0 or bool(_OPENING.search(passage.text[max(0, word.start - 3) : word.start]))
    if language == "en" and (
        word.folded in _ENGLISH_CAPITALS or word.folded in passage.grammar.ordinals
    ):
        return False
    if word.folded in passage.grammar.numbers and (i == 0 or language == "en"):
        return False
    if language in ("fr", "it") and passage.folded[word.end : word.end + 1] == "'":
        return False
    if _ROMAN.fullmatch(word.folded) or word.folded in named_centuries(language):
        return False
    if passage.grammar.phrases["months"].fullmatch(word.folded):
        return False
    if language == "de" or first:
        follows = i + 1 < len(sentence.words) and sentence.words[i + 1].capitalised
        if (
            word.folded in given_names()
            and follows
            and (language != "de" or not is_common(word.written, language))
        ):
            return True
        located = _LOCATIVE.search(passage.before(word.start, 10))
        if language == "de" and located and place(word.folded) - {"w:"}:
            return True
        return not is_common(word.written, language)
    return True


_OPENING = re.compile(r"(?:^|[\s(])[«“„‘\"'(¿¡]\s?$")
_ROMAN = re.compile(r"[ivxlc]+(?:er?|eme)?")
_ENGLISH_CAPITALS = frozenset(
    [
        "i",
        "god",
        "sunday",
        "monday",
        "tuesday",
        "wednesday",
        "thursday",
        "friday",
        "saturday",
        "mr",
        "mrs",
        "sir",
        "lady",
        "saint",
        "number",
        "numbers",
        "part",
        "version",
        "common",
        "era",
        "madame",
        "monsieur",
        "madam",
        "miss",
        "doctor",
        "professor",
    ]
)


def _judge(
    name: _Name,
    passage: Passage,
    facts: Facts,
    title_words: frozenset[str],
    known: frozenset[str],
) -> Claim | None:
    unknown = [w for w in name.words if not facts.names(w) and w.folded not in title_words]
    if not unknown:
        return Claim(name.span, Kind.name, Verdict.supported, "the record has this name")
    language = passage.grammar.language
    if all(of_a_nation(w.folded, language) and not place(w.folded) for w in unknown):
        return None  # judged with the peoples
    where = _where(name, unknown, passage)
    if where & facts.places or any(i[0] == "c" and i[2:] in known for i in where):
        return Claim(name.span, Kind.place, Verdict.supported, "the record has this place")
    said = passage.text[unknown[0].start : unknown[-1].end]
    kind = Kind.place if where else Kind.name
    if "".join(w.folded for w in name.words) in facts.words:
        return Claim(name.span, Kind.name, Verdict.supported, "the record has this name")
    holy = _SAINT.search(passage.before(unknown[0].start, 12))
    if holy and _SAINT.search(facts.folded + " "):
        return Claim(name.span, Kind.name, Verdict.unclear, f"{said} may be the record's saint")
    if _credited(name, passage) and (len(name.words) > 1 or _after_capital(name, passage)):
        return Claim(
            name.span, Kind.artist, Verdict.unsupported, f"the record does not name {said}"
        )
    lore_here = passage.tells_lore(name.span[0], name.span if len(name.words) > 1 else (0, 0))
    if not _full_name(unknown) and (lore_here or (not where and _is_lore(unknown, language))):
        return Claim(name.span, kind, Verdict.unclear, f"{said} belongs to lore, not to the record")
    located = language in ("fr", "es", "it") and _LOCATIVE.search(passage.before(name.span[0], 10))
    if (
        not where
        and not located
        and not _full_name(unknown)
        and all(is_common(w.written, language) for w in unknown)
    ):
        return Claim(name.span, kind, Verdict.unclear, f"{said} may be no name")
    what = f"the place {said}" if where else said
    return Claim(name.span, kind, Verdict.unsupported, f"the record does not name {what}")


_MAKER_BEFORE = re.compile(
    r"\b(?:by|par|von|por|da|di|de|artist|painter|maler|malerin|peintre)[ ']$"
)
_AUXILIARY = (
    r"(?: (?:a|l'a|l'avait|avait|has|had|hat|ha|lo|la|las|los|le|les|li|en|et|ne|y|er|sie))*"
)


def _credited(name: _Name, passage: Passage) -> bool:
    """Whether the name is said to have made something, or something to be by it."""
    if _MAKER_BEFORE.search(passage.before(name.span[0], 12)):
        return True
    after = re.match(rf",?{_AUXILIARY} ?([^\W\d_]+)", passage.after(name.span[1], 30))
    if after is None:
        return False
    return after[0].split()[-1] in _MADE or any(
        v.said.fullmatch(after[1]) for v in passage.grammar.verbs.values()
    )


_MADE = frozenset(
    [
        "made",
        "set",
        "put",
        "gave",
        "took",
        "fit",
        "realisa",
        "hizo",
        "realizo",
        "fece",
        "realizzo",
        "machte",
        "schuf",
    ]
)


def _after_capital(name: _Name, passage: Passage) -> bool:
    """Whether the word before is a first name that the sentence's own capital hides."""
    before = passage.text[max(0, name.span[0] - 24) : name.span[0]]
    return (
        re.search(r"(?:^|[.!?:»”\"]\s+)[^\W\d_]+ $", before) is not None
        and before.strip()[:1] != ""
    )


def _is_lore(unknown: list[Word], language: str) -> bool:
    """Whether the words name somebody out of myth or scripture."""
    of_lore = [w for w in unknown if w.folded in lore()]
    return bool(of_lore) and all(w in of_lore or is_common(w.written, language) for w in unknown)


def _full_name(unknown: list[Word]) -> bool:
    """Whether everyday words stand together as a first and a last name do."""
    return len(unknown) > 1 and unknown[0].folded in given_names()


def _german_makers(sentence: Sentence, passage: Passage) -> frozenset[int]:
    """Two capitals side by side around a verb of making, or after "von": nouns do not stand so."""
    found: set[int] = set()
    verbs = passage.grammar.verbs.values()
    texts = ["", *(w.folded for w in sentence.words), ""]
    for i in range(len(sentence.words) - 1):
        last = i + 1
        if sentence.words[last].folded in _PARTICLES and last + 1 < len(sentence.words):
            last += 1
        one, two = sentence.words[i], sentence.words[last]
        if not (one.capitalised and two.capitalised) or "," in passage.text[one.end : two.start]:
            continue
        if i == 0 and is_common(one.written, "de") and one.folded not in given_names():
            continue
        before, after = texts[i], texts[last + 2]
        named = (
            one.folded in given_names()
            and two.start - one.end == 1
            and (two.folded in given_names() or not is_common(two.written, "de"))
        )
        made = any(v.said.fullmatch(after) or v.said.fullmatch(before) for v in verbs)
        if named or made or before in ("von", "durch"):
            found |= {i, last}
    return frozenset(found)


_SAINT = re.compile(
    r"\b(?:saint|saints|st|san|santo|santa|sainte|sankt|heilige[nrs]?|sant'"
    r"|virgin|virgen|vergine|vierge)[ .]"
)
_LOCATIVE = re.compile(
    r"\b(?:in|at|near|from|of|to|a|en|au|de|d|di|da|ad|in|bei|aus|nach|von|pres|cerca|presso)[ ']$"
)


def _where(name: _Name, unknown: list[Word], passage: Passage) -> frozenset[str]:
    """The places a name may mean; an everyday word means one only after "in" or the like."""
    whole = place(name.folded)
    if whole and len(name.words) > 1:
        return whole
    found = whole or place(" ".join(w.folded for w in unknown)) or place(unknown[0].folded)
    word = unknown[0]
    other = is_common(word.written, passage.grammar.language) or word.folded in given_names()
    if other and not _LOCATIVE.search(passage.before(word.start, 10)):
        return frozenset()
    return found
