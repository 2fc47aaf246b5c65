"""When and where an artist lived, read from the line a museum prints after the name.

    from data.lives import parse_life
    parse_life("Dutch, Delft 1632–1675 Delft")
    # Life(born=1632, died=1675, nationality="Dutch", birthplace="Delft", deathplace="Delft", …)

The line is a run of year spans with words between them; the last known word before a span ("born",
"active", "died", none) says what the span means. A year that is only a limit ("after 1828"), a
decade, a place with a question mark, or a line about two people is left out rather than guessed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

SHORTEST_LIFE, LONGEST_LIFE = 15, 115
"""Years; another span is a reign, a firm, a dynasty or a slip, not one artist's life."""
LONGEST_ACTIVITY = 75
"""Years; "active France, Gelden 1703–1777" hides a life behind the word."""
WIDEST_CHOICE = 5
"""Years between the two of "1582/83"; beyond it neither is near enough to reckon an age from."""


@dataclass(frozen=True, slots=True)
class Life:
    """What a biography line says; None where it does not say it for certain.

    A year given as a near choice ("1582/83") is its first, marked circa; a wide one ("1435/50")
    is left out. BCE years are negative.
    `active_from` is also the year a group was founded.
    """

    born: int | None = None
    died: int | None = None
    born_circa: bool = False
    died_circa: bool = False
    active_from: int | None = None
    active_to: int | None = None
    nationality: str | None = None
    birthplace: str | None = None
    deathplace: str | None = None


_MONTH = (
    r"(?:Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?"
    r"|Sept?(?:ember)?|Oct(?:ober)?|Nov(?:ember)?|Dec(?:ember)?)\.?"
)
_MARK = (
    r"(?:\?|c(?:a|irca)?(?![a-z])\.?|about\b|around\b|approx(?:imately|\.)?|probably\b|possibly\b)"
)


def _when(name: str, year: str) -> str:
    """A pattern for one end of a span: marks, a limiting word, day and month, year, a choice."""
    return (
        rf"(?P<{name}_marks>(?:{_MARK} ?){{0,3}})"
        rf"(?P<{name}_limit>(?:before|bef\.?|after|aft\.?|by|from|until)\ ?)?"
        rf"(?P<{name}_more>(?:{_MARK} ?){{0,2}})"
        rf"(?:\d{{1,2}} )?(?:{_MONTH} )?"
        rf"(?P<{name}>{year})(?P<{name}_decade>'?s\b)?"
        rf"(?P<{name}_choice>(?:/| or )\d{{1,4}}\b|-\d{{1,2}}(?= ?- ?\d{{4}}))?"
        rf"(?P<{name}_doubt> ?\?| ?\(\?\))?"
    )


_SPAN = re.compile(
    r"(?<![\w/])"
    + _when("start", r"\d{3,4}")
    + r"(?: ?(?P<dash>-|,? to ) ?(?P<dies>(?:died|d\.) )?(?:(?P<open>\?(?! ?\d)|present\b|now\b|$)|"
    + _when("end", r"\d{1,4}(?![\d.])(?!(?:st|nd|rd|th)\b)")
    + r"))?(?P<era> ?(?:BCE?|B\.C\.(?:E\.)?|CE|A\.?D\.?)(?!\w))?",
    re.IGNORECASE,
)
_ROLE = re.compile(
    r"\b(born|b\.|died|d\.|active|act\.|fl\.|flourished|recorded|documented|mentioned|working"
    r"|worked|established|founded|formed|est\.|master|retired|dated|ruled|reigned|r\.)(?!\w)",
    re.IGNORECASE,
)
_ACTIVE = {"active", "act.", "fl.", "flourished", "recorded", "documented", "mentioned"}
_ACTIVE |= {"working", "worked"}
_FOUNDED = {"established", "founded", "formed", "est."}
_BORN_IN_BRACKETS = re.compile(r"\s*\(born ([^()\d]+)\)", re.IGNORECASE)
_DASHES = dict.fromkeys(map(ord, "‐‑‒–—―−"), "-")

_DEMONYMS = frozenset(
    """
    african afghan albanian algerian american andalusian angolan antwerp arab argentine argentinian
    armenian assyrian australian austrian azerbaijani bahamian bangladeshi bavarian belgian
    beninese bengali bohemian bolivian bosnian brazilian british bulgarian burgundian burmese
    burkinabe byzantine cambodian cameroonian canadian carthaginian castilian catalan chilean
    chinese colombian congolese cornish croatian cuban cypriot czech danish dominican dutch
    ecuadorian ecuadorean egyptian emirati english eritrean estonian ethiopian etruscan european
    fijian filipino finnish flemish florentine french gabonese genoese georgian german ghanaian
    greek grenadian guatemalan guyanese haitian hawaiian honduran hungarian icelandic indian
    indonesian iranian iraqi irish israeli italian ivorian jamaican japanese jordanian kazakh
    kenyan korean kosovar kurdish kuwaiti kyrgyz laotian latvian lebanese liberian libyan
    lithuanian lombard luxembourgish macedonian malagasy malawian malaysian malian maltese
    mauritian mexican milanese moldovan mongolian montenegrin moroccan mozambican namibian
    neapolitan nepalese nepali netherlandish nicaraguan nigerian norwegian omani ottoman pakistani
    palestinian panamanian paraguayan persian peruvian polish portuguese prussian roman romanian
    russian rwandan salvadoran samoan sardinian saudi saxon scottish senegalese serbian sicilian
    sienese singaporean slovak slovakian slovene slovenian somali spanish sudanese swedish swiss
    syrian taiwanese tajik tanzanian thai tibetan togolese tongan trinidadian tunisian turkish
    turkmen ugandan ukrainian umbrian uruguayan uzbek venetian venezuelan vietnamese welsh yemeni
    yugoslav yugoslavian zambian zimbabwean
    """.split()  # noqa: SIM905 - a hundred lines of quotes would hide the words
) - {"antwerp"}
_NATIONALITIES = frozenset({"hong kong", "puerto rican", "costa rican", "sri lankan", "macau"})


@dataclass(frozen=True, slots=True)
class _End:
    """One end of a span; `year` is None where the text gives only a limit or a decade."""

    raw: int
    year: int | None
    circa: bool


def parse_life(bio: str) -> Life | None:
    """Read a biography line; None where it tells neither years nor places nor a nationality."""
    text = " ".join(bio.translate(_DASHES).split())
    if text.startswith("(") and text.endswith(")") and text.count("(") == 1:
        text = text[1:-1].strip()
    nationality, text = _nationality(text)
    born_in = None
    if found := _BORN_IN_BRACKETS.match(text):
        born_in, text = found[1].strip(), text[found.end() :].lstrip(" ,.")
    facts: dict[str, Any] = {}
    if not _read_spans(text, facts):
        if ";" in text or "|" in text:  # two people, perhaps of two nations
            return None
        facts.clear()
    if born_in:
        facts["birthplace"] = facts.get("birthplace") or born_in
    if nationality:
        facts["nationality"] = nationality
    return Life(**facts) if any(facts.values()) else None


def _nationality(text: str) -> tuple[str | None, str]:
    """The demonym the line opens with, and the text behind it."""
    phrase = re.split(r"[,.(;\d]| ca?\b|$", text, maxsplit=1)[0].strip()
    last = re.split(r"[ -]", phrase.lower())[-1]
    known = last in _DEMONYMS or phrase.lower() in _NATIONALITIES
    if not known or _ROLE.match(phrase) or phrase[:1].islower():
        return None, text
    rest = text[len(phrase) :]
    if not _BORN_IN_BRACKETS.match(rest):
        rest = re.sub(r"^\s*\([^()]*\)", "", rest)  # "Italian (Emilian)"
        rest = rest.lstrip(" ,.")
    return phrase, rest


def _read_spans(text: str, facts: dict[str, Any]) -> bool:
    """Fill `facts` from every span of the text; False where it is not about one person."""
    position = 0
    previous = ""
    for found in _SPAN.finditer(text):
        gap = text[position : found.start()]
        roles = list(_ROLE.finditer(gap))
        if previous:
            _place_after(gap[: roles[0].start()] if roles else gap, previous, facts)
        role = roles[-1][1].lower() if roles else ""
        place = gap[roles[-1].end() :] if roles else gap
        if previous and not role:  # "before 1838 and after 1843": a second year of the same kind
            return False
        previous = _take_span(found, role, place, facts)
        if not previous:
            return False
        position = found.end()
    _place_after(text[position:], previous, facts)
    return True


def _take_span(found: re.Match[str], role: str, place: str, facts: dict[str, Any]) -> str:
    """Enter one span; returns what it was (born, died, life, other), or "" for nonsense."""
    start, end = _end(found, "start"), _end(found, "end", _number(found, "start"))
    if start is None:
        return ""
    if place.rstrip().endswith("-"):  # "born Khorasan–1430 Zanjan", "? - 1850"
        facts["birthplace"] = _place(place.rstrip(" -")) if role else None
        return "" if found["dash"] else _take_life(None, start, facts) and "died"
    firm = (found["open"] or "").lower() in ("present", "now")
    if role in _ACTIVE:
        behind = found.string[found.end() :]
        if (
            "," in place.rstrip(" ,")
            and place.rstrip()[-1:] != ","
            and _place(behind.split(",")[0])
        ):
            return ""  # "active France, Brussels 1822–1874 Paris": a life or an activity?
        return _take_activity(start, end, found, facts)
    if role in _FOUNDED or firm:
        facts["active_from"] = start.year
        return "other"
    if role in ("died", "d."):
        return _take_life(None, start, facts) and "died"
    if role not in ("", "born", "b."):
        return "other"
    if not role and not found["dash"]:  # a lone year after a nationality may mean anything
        return "other"
    if role or not place.rstrip().endswith((",", ".", ";")):
        facts["birthplace"] = _place(place)
    return _take_life(start, end, facts) and ("life" if end or found["dash"] else "born")


def _take_life(born: _End | None, died: _End | None, facts: dict[str, Any]) -> str:
    if (born and "born" in facts) or (died and "died" in facts):
        return ""
    if born and died and not SHORTEST_LIFE <= died.raw - born.raw <= LONGEST_LIFE:
        return ""
    if born:
        facts |= {"born": born.year, "born_circa": born.circa}
    if died:
        facts |= {"died": died.year, "died_circa": died.circa}
    return "life"


def _take_activity(
    start: _End, end: _End | None, found: re.Match[str], facts: dict[str, Any]
) -> str:
    if end and not 0 <= end.raw - start.raw <= LONGEST_ACTIVITY:
        return ""
    if "active_from" not in facts:
        facts["active_from"] = start.year
    if end and found["dies"]:
        return _take_life(None, end, facts) and "died"
    if end and end.year:
        facts["active_to"] = max(end.year, facts.get("active_to") or end.year)
    elif (
        not end
        and not found["dash"]
        and (found["start_limit"] or "").strip().lower() not in ("from", "by")
    ):
        facts["active_to"] = start.year
    return "other"


def _number(found: re.Match[str], name: str) -> int | None:
    return int(found[name]) if found[name] else None


def _end(found: re.Match[str], name: str, start: int | None = None) -> _End | None:
    """One end of the span; an abbreviated year ("1414–92") is completed from `start`."""
    number = _number(found, name)
    if number is None:
        return None
    if start is not None and len(found[name]) <= 2 and start > 99:
        power = 10 ** len(found[name])
        number += start // power * power
    if (found["era"] or "").strip().upper().startswith("B"):
        number = -number
    limit = (found[f"{name}_limit"] or "").strip().lower()
    known = not found[f"{name}_decade"] and limit in ("", "by", "from")
    known = known and _choice_width(found[name], found[f"{name}_choice"]) <= WIDEST_CHOICE
    marks = ("marks", "more", "choice", "doubt")
    circa = known and any(found[f"{name}_{mark}"] for mark in marks)
    return _End(number, number if known else None, circa)


def _choice_width(year: str, choice: str | None) -> int:
    """How far the second year of "1582/83" lies from the first."""
    if not choice:
        return 0
    second = re.sub(r"\D", "", choice)
    return abs(int(year[: len(year) - len(second)] + second) - int(year))


def _place_after(text: str, previous: str, facts: dict[str, Any]) -> None:
    """The place behind a span: of birth after "born 1963", of death after a life or a death."""
    text = text.split(";")[0]
    if previous == "died" or (previous == "life" and not text.startswith(",")):
        facts["deathplace"] = _place(text)
    elif previous == "born" and not facts.get("birthplace"):
        facts["birthplace"] = _place(text)


def _place(text: str) -> str | None:
    """The text as a place name, or None for none, a doubtful one, or other words."""
    name = text.strip(" ,;")
    name = re.sub(r"^in ", "", name)
    if not re.search(r"\b[A-Z]\.[A-Z]\.$", name):
        name = name.rstrip(".")
    if not name[:1].isupper() and not name.startswith(("’", "'s", "near ")):
        return None
    return None if "?" in name or re.search(r"\d", name) else name
