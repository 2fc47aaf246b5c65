"""Cleaning museums' text: what was lost or added on its way through databases and web pages.

    from data.clean import clean_artwork, clean_text
    clean_text("Armor (&amp;lt;i&amp;gt;Gusoku&amp;lt;/i&amp;gt;)")  # "Armor (Gusoku)"
    clean_artwork({"title": "老梅図襖|Old Plum", "date": "n.d."})  # Artwork(title="Old Plum")

Every source goes through here once, before anything else reads the record. Cleaning twice changes
nothing more. Names are left as they are written ("Sir", "Rijn, Rembrandt van"), and so is
everything that a person may have meant: paired quotes, full-width signs, unusual spelling.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Mapping

import ftfy

from data.artwork import Artwork, check_lengths, parse_artwork

MISSING = frozenset(
    {
        "n.d", "n.d.a", "nd", "n. d", "no date", "not dated", "undated", "date unknown",
        "date not known", "unknown", "not known", "unknown date", "lifedates unknown", "none",
        "null", "nan", "n/a", "n.a", "not available", "not applicable", "unavailable",
        "dimensions unavailable", "unconfirmed", "tbd", "?", "-", "--", "–", "—",
        "s.d", "s. d", "sans date", "inconnu", "inconnue", "date inconnue",
        "o.d", "o.j", "o. j", "ohne datum", "ohne jahr", "unbekannt", "undatiert",
        "s.f", "s. f", "sin fecha", "desconocido", "desconocida", "fecha desconocida",
        "senza data", "sconosciuto", "sconosciuta", "data sconosciuta", "non datato",
    }
)  # fmt: skip
"""Words that museums put into a field they know nothing for (en, fr, de, es, it)."""

UNKNOWN = "Unknown"
"""What the artist field says where the museum says in any language that it does not know."""
UNKNOWN_MAKER = frozenset(
    {
        "unknown", "not known", "inconnu", "inconnue", "unbekannt", "desconocido", "desconocida",
        "sconosciuto", "sconosciuta",
    }
)  # fmt: skip
"""Of a maker these are a fact that a guide owes its listener, not a gap in the record."""

MOST_PASSES = 12
"""Escapes hide in escapes; each pass takes off one layer, and no real text has so many."""

_AMPERSANDS = re.compile(r"&(?:(?:amp|#0*38|#x0*26);)+", re.IGNORECASE)
_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z][a-zA-Z0-9]{1,31});")
_BREAK = re.compile(r"<(?:br|/?p|/?div|/?li)\b[^<>]{0,200}>", re.IGNORECASE)
_TAG = re.compile(
    r"</?(?:i|em|b|strong|u|s|a|span|sub|sup|small|cite|q|font|ul|ol|h[1-6]|tt|code)"
    r"(?:\s[^<>]{0,400})?/?>",
    re.IGNORECASE,
)
# Marks that turn the reading direction round, and "tag" characters, which nobody sees, have
# no place in a record; the two marks that Hebrew and Arabic need beside numbers stay.
_UNSEEN = (0x00AD, 0x200B, 0x2060, 0xFEFF)
_TURNING = (*range(0x202A, 0x202F), *range(0x2066, 0x206A))
_INVISIBLE = dict.fromkeys((*_UNSEEN, *_TURNING, *range(0xE0000, 0xE0080)))
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_LINE_ENDS = re.compile(r"\r\n?|[\x85\u2028\u2029]")
_SPACES = re.compile(r"[^\S\n]+")
_MENDING = ftfy.TextFixerConfig(
    unescape_html=False,  # done here, deeper and only for entities that end in a semicolon
    uncurl_quotes=False,  # curly quotes are right
    fix_character_width=False,  # full-width signs belong to East Asian titles
    normalization="NFC",
    explain=False,
)
_QUOTE_PAIRS = (('"', '"'), ("“", "”"), ("«", "»"))


def clean_text(text: str) -> str | None:
    """One text without entities, tags, mojibake and stray space; None where it says nothing.

    Line ends become a single newline, other space a single blank. Cleaning twice is cleaning
    once.
    """
    text = _clean_through(text)
    return None if _says_nothing(text) else text


def clean_title(text: str) -> str | None:
    """A title in one language and without stray quotes; "Unknown" may be a title and stays.

    Of a bilingual "老梅図襖|Old Plum" the last part in Latin letters is taken, as the museums put
    the English one there, or the first where none is.
    """
    for _ in range(MOST_PASSES):
        cleaned = _without_stray_quotes(_one_language(_clean_through(text)))
        if cleaned == text:
            break
        text = cleaned
    return text or None


def clean_artwork(fields: object, where: str = "the record") -> Artwork:
    """Clean every text of a record and validate it.

    Raises:
        RecordError: as `data.artwork.parse_artwork` does, naming `where`.
    """
    if isinstance(fields, Mapping):
        check_lengths(fields, where)
        fields = {name: _clean_field(name, value) for name, value in fields.items()}
    return parse_artwork(fields, where)


def _clean_field(name: str, value: object) -> object:
    if isinstance(value, (list, tuple)):
        items = [clean_text(item) if isinstance(item, str) else item for item in value]
        if all(item is None or isinstance(item, str) for item in items):
            return [item for item in dict.fromkeys(items) if item is not None]
        return items
    if not isinstance(value, str):
        return value
    if name == "title":
        return clean_title(value)
    if name in ("source_url", "object_id", "form"):
        return value.strip() or None
    cleaned = clean_text(value)
    if cleaned is None and name == "artist" and _bare(_clean_through(value)) in UNKNOWN_MAKER:
        return UNKNOWN
    if cleaned is not None and "|" in cleaned and name in ("artist", "artist_bio", "medium"):
        return _joined(cleaned, "; " if name == "artist_bio" else ", ")
    return cleaned


def _joined(text: str, separator: str) -> str:
    """Several makers in one field ("A|B"), each once; Latin letters where there are any."""
    parts = [part.strip() for part in text.split("|") if part.strip()]
    latin = [part for part in parts if _is_latin(part)]
    return separator.join(dict.fromkeys(latin or parts))


def _clean_through(text: str) -> str:
    for _ in range(MOST_PASSES):
        cleaned = _clean_once(text)
        if cleaned == text:
            break
        text = cleaned
    return text


def _clean_once(text: str) -> str:
    text = _AMPERSANDS.sub("&amp;", text)
    text = _ENTITY.sub(lambda match: html.unescape(match[0]), text)
    text = _TAG.sub("", _BREAK.sub("\n", text))
    text = ftfy.fix_text(text, _MENDING)
    text = _LINE_ENDS.sub("\n", text).translate(_INVISIBLE)
    text = _SPACES.sub(" ", _CONTROL.sub("", text))
    lines = (line.strip() for line in text.split("\n"))
    return unicodedata.normalize("NFC", "\n".join(line for line in lines if line))


def _says_nothing(text: str) -> bool:
    word = _bare(text)
    return not text or text in MISSING or not word or word in MISSING


def _bare(text: str) -> str:
    return text.lower().strip(" .,;:()[]<>").rstrip(".")


def _one_language(text: str) -> str:
    parts = [part.strip() for part in text.split("|")]
    parts = [part for part in parts if part]
    latin = [part for part in parts if _is_latin(part)]
    if latin:
        return latin[-1]
    return parts[0] if parts else ""


def _is_latin(text: str) -> bool:
    """Whether most letters are Latin ones."""
    letters = [c for c in text if c.isalpha()]
    latin = sum(unicodedata.name(c, "").startswith("LATIN") for c in letters)
    return 2 * latin > len(letters)


def _without_stray_quotes(text: str) -> str:
    """Drop a quote at either end that has no partner, and the doubled ones CSV leaves behind."""
    text = re.sub(r'"{2,}', '"', text)
    for opening, closing in _QUOTE_PAIRS:
        if opening == closing:
            odd = text.count(opening) % 2 == 1
            start, end = odd and text.startswith(opening), odd and text.endswith(closing)
            start = start and not (end and len(text) > 1)
        else:
            start = text.startswith(opening) and closing not in text
            end = text.endswith(closing) and opening not in text
        text = text[1:] if start else text
        text = text[:-1] if end else text
    return text.strip()
