"""Claims about what the work is made of and how, its colours and its shape.

for claim in making_claims(passage, facts): ...
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from data.artwork import Form
from data.facts.grammar import Concept
from data.facts.passage import Passage, Sentence
from data.facts.record import Facts
from data.facts.report import Claim, Kind, Verdict

_ON = {"en": "on|and", "fr": "sur|et", "de": "auf|und", "es": "sobre|y|en", "it": "su|e"}
_MADE_IN = {
    "en": r"\b(?:in|with|from|on|(?:block|piece|slab|lump) of) ",
    "fr": r"(?:\b(?:en|au|aux|sur|avec|dans) |\ba (?:l'|la )|\bd')",
    "de": r"\b(?:in|mit|aus|auf) ",
    "es": r"\b(?:en|al|a la|con|sobre) ",
    "it": r"\b(?:a|ad|in|con|su) ",
}
_JUST_BEFORE = 22
"""How far before a verb a "not" or "like" still belongs to it."""


def making_claims(passage: Passage, facts: Facts) -> Iterator[Claim]:
    """Materials, verbs of making, colours and the shape."""
    for sentence in passage.sentences:
        yield from _materials(sentence, passage, facts)
        yield from _verbs(sentence, passage, facts)
        yield from _colours(sentence, passage, facts)
        yield from _shape(sentence, passage, facts)


def _hits(table: dict[str, Concept], sentence: Sentence) -> Iterator[tuple[Concept, re.Match[str]]]:
    for concept in table.values():
        for match in concept.said.finditer(sentence.folded):
            yield concept, match


def _span(sentence: Sentence, match: re.Match[str]) -> tuple[int, int]:
    return sentence.start + match.start(), sentence.start + match.end()


def _materials(sentence: Sentence, passage: Passage, facts: Facts) -> Iterator[Claim]:
    hits = list(_hits(passage.grammar.materials, sentence))
    good_spans = [_span(sentence, m) for c, m in hits if _material_stands(c, facts)]
    told: set[tuple[int, int]] = set()
    if taken := _thing_made_of(sentence, passage, facts):
        told.add(taken)
        reason = "shown in the work, which the record does not say is made of it"
        yield Claim(taken, Kind.material, Verdict.unsupported, reason)
    for span in good_spans:
        if span not in told:
            told.add(span)
            yield Claim(span, Kind.material, Verdict.supported, "the record has this material")
    for concept, match in hits:
        span = _span(sentence, match)
        if any(s <= span[0] < e or s < span[1] <= e for s, e in told if not _holds(span, (s, e))):
            continue
        if passage.in_quotes(span[0]) or match[0] in facts.told:
            continue
        if not _claims_material(concept, match, sentence, passage, facts):
            continue
        told.add(span)
        kind = Kind.technique if concept.role in ("print", "photo") else Kind.material
        yield Claim(span, kind, Verdict.unsupported, f"the record does not say {concept.name}")


def _holds(span: tuple[int, int], other: tuple[int, int]) -> bool:
    """Whether one stretch holds another and more: "gelatin silver" says more than "silver"."""
    return span[0] <= other[0] and other[1] <= span[1] and span != other


def _is_remark(match: re.Match[str], sentence: Sentence, passage: Passage, facts: Facts) -> bool:
    """Whether the sentence begins with a material and so speaks of it in general."""
    if any(v.said.search(sentence.folded) for v in passage.grammar.verbs.values()):
        return False
    if any(n.unit and sentence.start <= n.start < sentence.end for n in passage.numbers):
        return False
    head = " ".join(w.folded for w in sentence.words[:2])
    return any(
        c.said.search(head) for n, c in passage.grammar.materials.items() if n in facts.materials
    ) or (match.start() < 4 and len(sentence.words) > 2)


def _material_stands(concept: Concept, facts: Facts) -> bool:
    return concept.name in facts.materials or any(a in facts.materials for a in concept.accepts)


def _claims_material(
    concept: Concept, match: re.Match[str], sentence: Sentence, passage: Passage, facts: Facts
) -> bool:
    """Whether the sentence says that this work is made of the material.

    A remark on materials in general, a comparison or a question says nothing of the work.
    """
    if sentence.asks:
        return False
    lies_on = _lies_on(match, sentence, passage, facts)
    if _is_remark(match, sentence, passage, facts) and not lies_on:
        return False
    clause = _clause(sentence.folded, match, 14)
    if passage.grammar.phrases["contrast"].search(clause):
        return False
    if not concept.loose or lies_on:
        return True
    if any(start <= match.start() < end for start, end in _made_of(sentence, passage)):
        return True
    hits = [m for _, m in _hits(passage.grammar.materials, sentence) if m.span() != match.span()]
    if _on_one_another(match, sentence, hits, passage.grammar.language):
        return True
    before = sentence.folded[: match.start()]
    made = any(v.said.search(before) for v in passage.grammar.verbs.values())
    return (
        made and re.search(_MADE_IN[passage.grammar.language] + r"(?:\w+ )?$", before) is not None
    )


def _made_of(sentence: Sentence, passage: Passage) -> Iterator[tuple[int, int]]:
    """Where the sentence says what the work is made of: "it is made of" up to the next comma."""
    for said in passage.grammar.phrases["made_of"].finditer(sentence.folded):
        ends = [sentence.folded.find(c, said.end()) for c in ",;:."]
        yield said.end(), min([e for e in ends if e >= 0] or [len(sentence.folded)])


def _thing_made_of(sentence: Sentence, passage: Passage, facts: Facts) -> tuple[int, int] | None:
    """A thing shown of which a text says that the work is made: "it is made of a branch"."""
    if sentence.asks or not facts.artwork.medium:
        return None
    function = passage.grammar.phrases["function"]
    for start, end in _made_of(sentence, passage):
        if passage.grammar.phrases["made_up"].search(sentence.folded, start, end):
            continue  # of forms, of parts: how it is composed
        said = [
            w for w in sentence.words
            if start <= w.start - sentence.start < end and not function.fullmatch(w.folded)
        ]  # fmt: skip
        if any(w.folded.isdigit() or facts.matter.names(w) for w in said):
            continue
        if any(
            c.said.search(sentence.folded, start, end) and _material_stands(c, facts.matter)
            for c in passage.grammar.materials.values()
        ):
            continue
        for word in said:
            if facts.names(word):
                return word.start, word.end
    return None


def _lies_on(match: re.Match[str], sentence: Sentence, passage: Passage, facts: Facts) -> bool:
    """Whether the work's own material is said to lie on this one: "the ink is set on silk"."""
    own = [m for c, m in _hits(passage.grammar.materials, sentence) if _material_stands(c, facts)]
    on = _ON[passage.grammar.language].split("|")[0]
    if not any(
        re.fullmatch(rf" (?:[^\W\d_]+ ){{1,2}}{on} ", sentence.folded[m.end() : match.start()])
        for m in own
    ):
        return False
    return passage.grammar.phrases["lies"].search(sentence.folded) is not None


def _on_one_another(
    match: re.Match[str], sentence: Sentence, hits: list[re.Match[str]], language: str
) -> bool:
    """Whether the material and another stand as in a medium line: oil on copper, ink and gold."""
    for other in hits:
        first, second = sorted((match, other), key=lambda m: m.start())
        between = sentence.folded[first.end() : second.start()]
        if re.fullmatch(rf" ?(?:\w+ )?(?:{_ON[language]}) (?:\w+ )?", between):
            return True
    return False


def _clause(folded: str, match: re.Match[str], reach: int) -> str:
    """The clause of a match, as far as `reach` characters behind it."""
    start = max(folded.rfind(c, 0, match.start()) for c in ",;:") + 1
    ends = [folded.find(c, match.end()) for c in ",;:."]
    return folded[start : min([e for e in ends if e >= 0] + [match.end() + reach])]


def _verbs(sentence: Sentence, passage: Passage, facts: Facts) -> Iterator[Claim]:
    for concept, match in _hits(passage.grammar.verbs, sentence):
        span = _span(sentence, match)
        stands = (
            facts.artwork.form.value in concept.forms
            or facts.artwork.form in (Form.installation, Form.object)
            or bool(facts.roles & set(concept.roles))
            or bool(concept.recorded.search(facts.folded))
        ) and not _cannot_be(concept, facts)
        if stands:
            yield Claim(span, Kind.technique, Verdict.supported, "fits the form and the medium")
        elif sentence.asks or passage.in_quotes(span[0]):
            continue
        elif passage.grammar.phrases["contrast"].search(
            sentence.folded[max(0, match.start() - _JUST_BEFORE) : match.start()]
        ):
            yield Claim(span, Kind.technique, Verdict.unclear, "said in a comparison")
        else:
            yield Claim(
                span,
                Kind.technique,
                Verdict.unsupported,
                f"a {facts.artwork.form.value} of this medium is not said to be "
                f"{passage.text[span[0] : span[1]]}",
            )


def _cannot_be(concept: Concept, facts: Facts) -> bool:
    """Whether nothing the medium names can be worked so: bronze is not carved, oak is not cast."""
    made_of = facts.made_of
    return (
        bool(made_of)
        and made_of <= set(concept.never)
        and not (concept.recorded.search(facts.told))
    )


def _colours(sentence: Sentence, passage: Passage, facts: Facts) -> Iterator[Claim]:
    told: set[int] = set()
    hits = list(_hits(passage.grammar.colours, sentence))
    for concept, match in hits:
        if _colour_stands(concept, facts):
            span = _span(sentence, match)
            told.add(span[0])
            yield Claim(span, Kind.colour, Verdict.supported, "the record has this colour")
    for concept, match in hits:
        span = _span(sentence, match)
        if span[0] in told or match[0] in facts.words or passage.in_quotes(span[0]):
            continue
        told.add(span[0])
        if sentence.asks or passage.grammar.phrases["usual"].search(sentence.folded):
            yield Claim(span, Kind.colour, Verdict.unclear, "asked, or said in general")
            continue
        if _beside_material(match, sentence, passage, facts):
            yield Claim(span, Kind.colour, Verdict.unclear, "said of the material")
            continue
        if concept.name in ("gold", "silver") and passage.tells_lore(span[0]):
            yield Claim(span, Kind.colour, Verdict.unclear, "told of myth, scripture or books")
            continue
        yield Claim(span, Kind.colour, Verdict.unsupported, f"the record names no {concept.name}")


_CLOTHS = frozenset({"canvas", "wool", "silk", "cotton", "leather"})
"""Materials that are also worn and shown: a red silk dress is no remark on the support."""
_MATTER = {
    "en": r"egg|ground|pigment|paint|line|lines|stuff|salt|sheets?",
    "fr": r"oeufs?|œufs?|fond de|pigment|trait|traits|sel",
    "de": r"eiweiß|grund|pigment|linien?|salz",
    "es": r"huevo|pigmento|linea|lineas|sal",
    "it": r"uovo|pigmento|linea|linee|sale",
}


def _beside_material(
    match: re.Match[str], sentence: Sentence, passage: Passage, facts: Facts
) -> bool:
    """Whether the colour is a material's own: egg white, the white of the paper, silver salts."""
    near = sentence.folded[max(0, match.start() - 24) : match.end() + 18]
    own = facts.materials - _CLOTHS
    if any(c.said.search(near) for n, c in passage.grammar.materials.items() if n in own):
        return True
    return bool(re.search(rf"\b(?:{_MATTER[passage.grammar.language]})\b", near))


def _colour_stands(concept: Concept, facts: Facts) -> bool:
    return (
        concept.name in facts.colours
        or any(a in facts.colours for a in concept.accepts)
        or concept.name in facts.materials
    )


def _shape(sentence: Sentence, passage: Passage, facts: Facts) -> Iterator[Claim]:
    shape = facts.derived.orientation
    allowed = {
        "tall": {"tall"},
        "wide": {"wide"},
        "square": {"square"},
        "nearly square": {"square", "tall", "wide"},
    }.get(shape or "", set())
    for said, pattern in passage.grammar.orientation.items():
        for match in pattern.finditer(sentence.folded):
            span = _span(sentence, match)
            if sentence.asks or passage.in_quotes(span[0]):
                continue
            if said == "square" and "square" in facts.told:
                continue
            general = passage.grammar.phrases["usual"], passage.grammar.phrases["question_hint"]
            if any(p.search(sentence.folded) for p in general):
                continue
            if shape is None:
                yield Claim(span, Kind.orientation, Verdict.unclear, "the record gives no shape")
            elif said in allowed or _close_to_square(said, facts):
                yield Claim(span, Kind.orientation, Verdict.supported, f"the work is {shape}")
            else:
                yield Claim(span, Kind.orientation, Verdict.unsupported, f"the work is {shape}")


def _close_to_square(said: str, facts: Facts) -> bool:
    size, ratio = facts.derived.size, facts.derived.ratio
    if said == "square":
        return ratio is not None and ratio < 1.2
    if size is None or not size.height or not size.width:
        return False
    return size.width > size.height if said == "wide" else size.height > size.width
