"""Claims about things to be seen: animals, clothes, instruments, weapons, flowers, vehicles.

    for claim in detail_claims(passage, facts, pointing_sentences(passage), shown(facts)): ...

Only a sentence that points ("look for the …", "she wears …", "in the foreground …") claims that a
thing is there; only kinds of things that a record would name are judged. A thing stands when the
record names it, a kind of it, or what it is a kind of: "bird" for a parrot, "parrot" for birds.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from data.facts.lexicon import english_of, given_names, lemma, things
from data.facts.passage import Passage, Sentence
from data.facts.record import Facts
from data.facts.report import Claim, Kind, Verdict
from data.facts.text import fold, words

_ROOTS = frozenset(
    {
        "01466257",  # vertebrate animals
        "01767661",  # insects, spiders, shellfish
        "01317541",  # domestic animals
        "03051540",  # clothing
        "03800933",  # musical instrument
        "04565375",  # weapon
        "04524313",  # vehicle
        "11669921",  # flower
        "03597469",  # jewellery
        "13134947",  # fruit
        "02740764",  # armour, helmets
    }
)
"""Synsets of Princeton WordNet 3.0 whose kinds are judged."""
_GENERAL = frozenset(
    {
        "clothes",
        "clothing",
        "dress",
        "costume",
        "garment",
        "flower",
        "animal",
        "fruit",
        "frame",
        "figure",
        "model",
        "person",
        "man",
        "human",
        "child",
        "world",
        "kind",
        "creature",
        "fold",
        "back",
        "line",
        "plate",
        "train",
        "head",
        "pair",
        "wear",
        "place",
        "tie",
        "coat",
        "means",
        "medium",
        "accessory",
        "vessel",
        "craft",
        "half",
        "mean",
        "drone",
        "mezzo",
        "urchin",
        "goshawk",  # French "autour", around
        "hedgehog",  # Italian "riccio", a curl
        "porcupine",
    }
)
"""Words too wide, or too often something else, to be a claim."""


@lru_cache(maxsize=20000)
def _ancestors(synset: str) -> frozenset[str]:
    found, waiting = set(), [synset]
    while waiting:
        one = waiting.pop()
        if one not in found:
            found.add(one)
            waiting += things().parents.get(one, ())
    return frozenset(found)


@lru_cache(maxsize=50000)
def _visible(word: str, language: str) -> frozenset[str]:
    """The synsets a word means if most of what it usually means is a thing that is judged."""
    base = lemma(word, language)
    if language == "en" and not (fold(word) == base or word.endswith("s")):
        return frozenset()  # "tied", "coated": a verb
    english = {base} if language == "en" else english_of(language).get(base, frozenset())
    if language != "en" and 3 * len(english & _GENERAL) < len(english):
        english = english - _GENERAL  # "vessel" says no more of a Schiff than that it is one
    if not english or english & _GENERAL or base in _GENERAL:
        return frozenset()
    first = {w: things().first.get(w) for w in english}
    seen = {w: s for w, s in first.items() if s and _ancestors(s) & _ROOTS}
    others = [w for w in first if w not in seen and " " not in w]
    enough = len(seen) > len(others) or len(seen) == len(others) > 1
    return frozenset(seen.values()) if seen and enough else frozenset()


@dataclass(frozen=True, slots=True)
class Shown:
    """The synsets that a record's words can mean, all above them, and their direct parents."""

    meant: frozenset[str]
    above: frozenset[str]
    parents: frozenset[str]


def shown(facts: Facts) -> Shown:
    """What the record can be said to show."""
    spelled = [w.folded for w in facts.found]
    pairs = {f"{a} {lemma(b, 'en')}" for a, b in pairwise(spelled)}  # "sailing ships"
    meant = frozenset(s for w in facts.english | pairs for s in things().senses.get(w, ()))
    above = frozenset[str]().union(*map(_ancestors, meant))
    parents = frozenset(p for s in meant for p in things().parents.get(s, ())) - _TOP
    return Shown(meant, above, parents)


def shows_people(facts: Facts) -> bool:
    """Whether the record shows or names a person, whose kind is then not judged."""
    told = words(facts.told_text, facts.told)
    if any(w.folded in given_names() and w.capitalised for w in told):
        return True
    spelled = frozenset(w.folded for w in told)
    spelled |= frozenset(lemma(w, "en") for w in spelled)
    if spelled & _HUMAN:
        return True
    firsts = (things().first.get(w) for w in spelled)
    return any(s is not None and _PERSON & _ancestors(s) for s in firsts)


def sight_claims(
    passage: Passage, facts: Facts, pointing: list[Sentence], *, people: bool
) -> Iterator[Claim]:
    """What the table `words/sights.toml` knows; `people` is `shows_people(facts)`."""
    for sentence in passage.sentences:
        points = sentence in pointing
        for concept in passage.grammar.sights.values():
            if sentence.asks or not (points or concept.anywhere):
                continue
            for match in concept.said.finditer(sentence.folded):
                span = sentence.start + match.start(), sentence.start + match.end()
                if passage.in_quotes(span[0]) or passage.tells_lore(span[0]):
                    continue
                good = people if concept.people else bool(concept.recorded.search(facts.folded))
                said = passage.text[slice(*span)]
                reason = (
                    "the record has this" if good else f"the record shows no such thing: {said}"
                )
                verdict = Verdict.supported if good else Verdict.unsupported
                yield Claim(span, Kind.detail, verdict, reason)


def detail_claims(
    passage: Passage, facts: Facts, pointing: list[Sentence], recorded: Shown
) -> Iterator[Claim]:
    """Things in the sentences that point; `recorded` is `shown(facts)`."""
    for sentence in pointing:
        for word in sentence.words:
            if word.capitalised and passage.grammar.language != "de":
                continue
            written = word.written if passage.grammar.language == "de" else word.written.lower()
            senses = _visible(written, passage.grammar.language)
            if not senses or passage.in_quotes(word.start):
                continue
            good = (
                facts.names(word)
                or senses & recorded.above
                or any(
                    _ancestors(s) & recorded.meant - _TOP
                    or recorded.parents & {*things().parents.get(s, ())}
                    for s in senses
                )
            )
            verdict = Verdict.supported if good else Verdict.unsupported
            reason = "the record has this" if good else f"the record shows no {word.written}"
            yield Claim((word.start, word.end), Kind.detail, verdict, reason)


_PERSON = frozenset({"09624168", "09605289", "10287213", "10787470", "00007846"})
"""Man, adult, male and female person, person."""
_HUMAN = frozenset(
    {
        "person", "people", "man", "woman", "child", "boy", "girl", "baby", "portrait", "self",
        "figure", "face", "head", "nude", "crowd", "family", "couple", "group", "human", "male",
        "female", "he", "she", "him", "her", "his", "they", "who", "mr", "mrs", "miss", "lady",
        "bust", "body", "hand", "worker", "dancer", "bather", "sitter", "model",
    }
)  # fmt: skip


_TOP = frozenset({"00001740", "00003553", "00021939", "00002684", "00004475", "00004258"})
"""Entity, whole, artifact, object, organism, living thing: what everything is a kind of."""


def pointing_sentences(passage: Passage) -> list[Sentence]:
    """The sentences that point at something as being there."""
    return [sentence for sentence in passage.sentences if _points(sentence, passage)]


def _points(sentence: Sentence, passage: Passage) -> bool:
    phrases = passage.grammar.phrases
    if sentence.asks or not phrases["look"].search(sentence.folded):
        return False
    if any(
        phrases[p].search(sentence.folded)
        for p in ("question_hint", "negative", "usual", "compare")
    ):
        return False
    return not passage.tells_lore(sentence.start)
