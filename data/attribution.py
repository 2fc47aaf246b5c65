"""How sure a museum is of the maker, read from its own wording of the artist's name.

    from data.attribution import read_attribution
    read_attribution("workshop of Jacopo Tintoretto")
    # Attribution(kind="workshop", name="Jacopo Tintoretto", wording="workshop")

The wording decides what a guide has to say: "attributed to" may never be dropped.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

Kind = Literal[
    "certain", "attributed", "workshop", "circle", "follower", "after", "copy", "unknown"
]


@dataclass(frozen=True, slots=True)
class Attribution:
    """What the artist field says of the maker.

    `name` is the named artist without the words around it, None where nobody is named; `wording`
    is the phrase of `data/wording` that says it, None where nothing needs saying. `joint` works
    have several makers, so that one life in the record is not the life of "the artist".
    """

    kind: Kind
    name: str | None
    wording: str | None
    joint: bool = False


_HEDGE = r"(?:doubtfully|possibly|probably|perhaps|maybe|tentatively|\?)"
_WORK = r"(?:(?:painting|drawing|design|print|sculpture|work|original)s?\s+)?"
_SHOP = r"(?:workshop|studio|atelier|bottega|assistants?)"
_BEFORE_NAME: tuple[tuple[str, Kind, str], ...] = (
    (r"formerly\s+(?:attributed|ascribed)\s+to", "unknown", "formerly"),
    (rf"(?:{_HEDGE}\s+)?(?:attributed|ascribed|attrib?\.?)\s+to", "attributed", "attributed"),
    (r"studio\s+of", "workshop", "studio"),
    (rf"{_SHOP}\s+of", "workshop", "workshop"),
    (r"(?:immediate\s+)?(?:circle|entourage|associate)\s+of", "circle", "circle"),
    (r"school\s+of", "circle", "school"),
    (r"(?:followers?|imitator|pupil|student)\s+of", "follower", "follower"),
    (r"(?:in\s+the\s+)?(?:manner|style)\s+of", "follower", "manner"),
    (r"(?:copy|copied|copyist|replica)\s+(?:after|of|from)", "copy", "copy"),
    (r"after(?:\s+(?:a\s+)?(?:work|design|painting|drawing)s?\s+by)?", "after", "after"),
)
_PREFIXES = tuple(
    (re.compile(rf"{_WORK}{words}\s+(?P<name>.+)", re.IGNORECASE), kind, wording)
    for words, kind, wording in _BEFORE_NAME
)
# "Rembrandt, workshop of", "Rembrandt (follower of)", "Goya (attributed to)".
_SUFFIXES = tuple(
    (re.compile(rf"(?P<name>.+?)\s*[,(]\s*{words}\s*\)?", re.IGNORECASE), kind, wording)
    for words, kind, wording in _BEFORE_NAME
)
# "British School 17th century, attributed to John Greenhill".
_LATE_ATTRIBUTION = re.compile(r".*,\s*(?:attributed|ascribed)\s+to\s+(?P<name>.+)", re.IGNORECASE)
_ATTRIBUTED = re.compile(
    rf"(?:{_HEDGE}\s+|\?)(?:by\s+)?(?P<before>.+)|(?P<behind>.+?)\s*(?:[(,]\s*attributed\)?|\(\?\)|\?)",
    re.IGNORECASE,
)
_SHARED = re.compile(
    rf"(?P<name>.+?)[\s,;]+(?:and|with|&)\s+(?:(?:his|her|their|the)\s+)?(?P<shop>{_SHOP})",
    re.IGNORECASE,
)
_NOBODY = re.compile(
    r"\??\s*(?:unknown|unidentified|anonymous|anon|unrecorded|unnamed)\b.*"
    r"|.*\b(?:names?\s+unknown|unknown|unidentified|anonymous)"
    r"|(?!school\s+of\b).*\bschool(?:,?\s+\d.*)?"
    # "Kongo artist", "Condorhuasi artist(s)", but not "Henderson Ledger Artist A".
    r"|(?-i:.*\b(?:artist|maker|artisan|weaver|potter|peoples?)(?:s|\(s\))?)",
    re.IGNORECASE,
)
_NATIONALITY = re.compile(
    r"(?:(?:North|South|Native|Northern|Southern|Anglo)[ -])?(?:American|African|Asian|Australian"
    r"|Austrian|Belgian|Brazilian|British|Byzantine|Canadian|Chinese|Danish|Dutch|Egyptian|English"
    r"|European|Flemish|Florentine|French|German|Greek|Hungarian|Indian|Indonesian|Iranian|Irish"
    r"|Italian|Japanese|Korean|Mexican|Nepalese|Netherlandish|Norwegian|Ottoman|Persian|Peruvian"
    r"|Polish|Portuguese|Roman|Russian|Scottish|Sienese|Spanish|Swedish|Swiss|Syrian|Thai|Tibetan"
    r"|Turkish|Venetian|Welsh)"
)
_JOINT = re.compile(r"\s(?:and|&|with)\s")
# "Frederick Richard Lee, Thomas Sidney Cooper", but not "Frederic, Lord Leighton", "Poor, Henry
# Varnum" or "Marie Antoinette, Queen of France".
_SECOND_NAME = re.compile(
    r"[^\W\d_][\w.'’-]* [\w.'’ -]+, (?:Sir |Dame )?(?!Lord|Lady|King|Queen|Duke|Duchess|Count|Comte"
    r"|Earl|Baron|Prince|Marquis|Bishop|Abbot|Saint)[A-Z][\w'’-]+(?: [\w.'’-]+)* [A-Z][\w'’-]{2,}"
)
_ALIAS = re.compile(r"\s*\([^()]*\)\s*$")


def read_attribution(artist: str | None) -> Attribution:
    """Read an artist field; a missing one is unknown with nothing to say about it."""
    text = " ".join((artist or "").split())
    if not text:
        return Attribution("unknown", None, None)
    if shared := _SHARED.fullmatch(text):
        wording = "assistants" if shared["shop"].lower().startswith("assist") else "shared"
        return Attribution("workshop", _clean(shared["name"]), wording)
    parts = [part.strip() for part in text.split(";") if part.strip()]
    # "Robert Field; French": the second part says where the first worked.
    makers = [_read_maker(part) for part in parts if not _NATIONALITY.fullmatch(part)]
    named = [maker for maker in makers if maker.kind != "unknown"]
    doubtful = [maker for maker in named if maker.kind != "certain"]
    # One maker in doubt among several is a doubt about the work.
    first = (doubtful or named or makers or [Attribution("unknown", None, "unknown")])[0]
    joint = len(makers) > 1 or bool(_JOINT.search(text) or _SECOND_NAME.fullmatch(text))
    name = text if joint and first.kind == "certain" else first.name
    return Attribution(first.kind, name, first.wording, joint)


def _read_maker(text: str) -> Attribution:
    if late := _LATE_ATTRIBUTION.fullmatch(text):
        return Attribution("attributed", _clean(late["name"]), "attributed")
    for patterns in (_PREFIXES, _SUFFIXES):
        for pattern, kind, wording in patterns:
            if match := pattern.fullmatch(text):
                return Attribution(kind, _clean(match["name"]), wording)
    if _NOBODY.fullmatch(text):
        return Attribution("unknown", None, "unknown")
    if hedged := _ATTRIBUTED.fullmatch(text):
        inner = _read_maker((hedged["before"] or hedged["behind"]).strip())
        return (
            inner
            if inner.kind != "certain"
            else Attribution("attributed", inner.name, "attributed")
        )
    return Attribution("certain", _clean(text), None)


def _clean(name: str) -> str:
    """The name without an alias in brackets: "El Greco (Domenikos Theotokopoulos)"."""
    return _ALIAS.sub("", name).removeprefix("the ").strip(" ,;") or name
