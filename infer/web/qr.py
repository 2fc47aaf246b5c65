"""Sheets of QR codes, one a stop, to print, cut and put on the wall.

    sheet_pdf(works, "http://192.168.1.20:8000", "Our Museum")      # A4, eight to a page
    sheet_html(works, "http://192.168.1.20:8000", "Our Museum")

The PDF's built-in font writes Latin letters, an accent it does not know is left out, and a title
in another script is left to the HTML sheet, which any browser prints.
"""

from __future__ import annotations

import base64
import hashlib
import unicodedata
from collections.abc import Sequence
from html import escape

import segno
from fpdf import FPDF

from infer.web.schemas import Work

_COLUMNS, _ROWS = 2, 4
_MARGIN, _CODE, _CARD = 15.0, 38.0, (90.0, 66.0)  # millimetres
_STROKES = str.maketrans("ŁłĐđĦħ", "LlDdHh")  # letters that Unicode does not take apart
_BORDER = 4  # modules of white around a code, which ISO/IEC 18004 asks for

STYLE = """
@page { size: A4; margin: 15mm }
body { font-family: sans-serif; margin: 0; display: flex; flex-wrap: wrap }
.stop { width: 50%; height: 66mm; box-sizing: border-box; break-inside: avoid; display: flex }
.stop img { width: 42mm; height: 42mm }
.stop b { font-size: 28pt; display: block }
.stop span { display: block; overflow-wrap: anywhere }
"""


def sheet_html(works: Sequence[Work], base: str, museum: str) -> str:
    """A page of its own, without anything from elsewhere."""
    cards = "".join(_card(work, base) for work in works)
    return (
        f'<!doctype html><html><head><meta charset="utf-8"><title>{escape(museum)}</title>'
        f"<style>{STYLE}</style></head><body>{cards}</body></html>"
    )


def style_source() -> str:
    """The sheet's style as a Content-Security-Policy names it."""
    digest = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
    return f"'sha256-{digest}'"


def sheet_pdf(works: Sequence[Work], base: str, museum: str) -> bytes:
    """A4 pages, eight stops to a page."""
    pdf = FPDF(format="A4")
    pdf.core_fonts_encoding = "windows-1252"
    pdf.set_title(museum)
    pdf.set_auto_page_break(auto=False)
    for first in range(0, len(works), _COLUMNS * _ROWS):
        pdf.add_page()
        for place, work in enumerate(works[first : first + _COLUMNS * _ROWS]):
            x = _MARGIN + place % _COLUMNS * _CARD[0]
            y = _MARGIN + place // _COLUMNS * _CARD[1]
            _draw_code(pdf, address(work, base), x, y)
            _write(pdf, work, x + _CODE + 3, y + 3)
    return bytes(pdf.output())


def address(work: Work, base: str) -> str:
    """What the code of a work says."""
    return f"{base.rstrip('/')}/s/{work.stop}"


def _card(work: Work, base: str) -> str:
    code = segno.make(address(work, base), error="m", micro=False).svg_data_uri(border=_BORDER)
    return (
        f'<div class="stop"><img alt="{escape(address(work, base))}" src="{escape(code)}">'
        f"<div><b>{work.stop}</b><span>{escape(work.title)}</span>"
        f"<span>{escape(work.artist or '')}</span></div></div>"
    )


def _draw_code(pdf: FPDF, text: str, x: float, y: float) -> None:
    """The code as squares, which stay sharp at any size."""
    rows = [
        list(row) for row in segno.make(text, error="m", micro=False).matrix_iter(border=_BORDER)
    ]
    size = _CODE / len(rows)
    for row, modules in enumerate(rows):
        for column, dark in enumerate(modules):
            if dark:
                # A hair wider than it is, so that printers leave no white lines between.
                pdf.rect(x + column * size, y + row * size, size * 1.02, size * 1.02, style="F")


def _write(pdf: FPDF, work: Work, x: float, y: float) -> None:
    width = _CARD[0] - _CODE - 6
    pdf.set_xy(x, y)
    pdf.set_font("helvetica", "B", 28)
    pdf.cell(width, 12, str(work.stop), new_x="LEFT", new_y="NEXT")
    for text, style, size in ((work.title, "B", 11), (work.artist or "", "", 10)):
        pdf.set_x(x)
        pdf.set_font("helvetica", style, size)
        pdf.multi_cell(width, 5, _latin(text), align="L", new_x="LEFT", new_y="NEXT")


def _latin(text: str, longest: int = 90) -> str:
    """Text as the built-in fonts can write it."""
    written = []
    for letter in text if len(text) <= longest else text[: longest - 1] + "…":
        plain = letter
        if not _is_known(letter):
            plain = unicodedata.normalize("NFKD", letter.translate(_STROKES))
            plain = "".join(part for part in plain if _is_known(part))
        written.append(plain)
    return "".join(written).encode("cp1252", "ignore").decode("cp1252")


def _is_known(letter: str) -> bool:
    try:
        letter.encode("cp1252")
    except UnicodeEncodeError:
        return False
    return True
