"""Museums' dates read into years: what is understood, and what must stay unread."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.dates import Dating, parse_date

CHECKED = Path(__file__).parent / "fixtures" / "dates.jsonl"


def dating(text: str) -> Dating:
    parsed = parse_date(text)
    assert parsed is not None, text
    return parsed


def checked_rows() -> list[tuple[str, dict[str, Any] | None]]:
    rows = (json.loads(line) for line in CHECKED.read_text(encoding="utf-8").splitlines())
    return [(row["text"], row["value"]) for row in rows]


@pytest.mark.parametrize(("text", "value"), checked_rows())
def test_two_hundred_texts_checked_by_eye(text: str, value: dict[str, Any] | None) -> None:
    parsed = parse_date(text)
    if value is None:
        assert parsed is None
    else:
        expected = {**value, "years": tuple(value["years"])}
        assert parsed == Dating(**expected)


@pytest.mark.parametrize(
    ("text", "earliest", "latest", "precision"),
    [
        ("1432", 1432, 1432, "year"),
        ("1851–3", 1851, 1853, "range"),
        ("1851—1853", 1851, 1853, "range"),
        ("1665–67", 1665, 1667, "range"),
        ("1921–c.23", 1921, 1923, "range"),
        ("1405–1408/1409", 1405, 1409, "range"),
        ("1205 or 1265", 1205, 1265, "range"),
        ("1763 or 5", 1763, 1765, "range"),
        ("1884/86", 1884, 1886, "range"),
        ("from 1784 to 1790", 1784, 1790, "range"),
        ("between 1784 and 1790", 1784, 1790, "range"),
        ("1916 and 1920", 1916, 1920, "range"),
        ("1976,1997", 1976, 1997, "range"),
        ("1950 and c.1964", 1950, 1964, "range"),
        ("Begun 1784; completed by 1818", 1784, 1818, "range"),
        ("June 1889", 1889, 1889, "year"),
        ("summer 1853", 1853, 1853, "year"),
        ("Sep 9, 1975 (date of publication)", 1975, 1975, "year"),
        ("12 May 1889", 1889, 1889, "year"),
        ("1889-05-12", 1889, 1889, "year"),
        ("11/7/1990", 1990, 1990, "year"),
        ("1590s", 1590, 1599, "decade"),
        ("2000s", 2000, 2009, "decade"),
        ("early 1860s", 1860, 1863, "decade"),
        ("late 1850s", 1856, 1859, "decade"),
        ("1850s–60s", 1850, 1869, "decade"),
        ("1736 - c. 1770s", 1736, 1779, "decade"),
        ("1700s", 1700, 1799, "century"),
        ("mid-1500s", 1533, 1566, "century"),
        ("late 1700s-early 1800s", 1766, 1833, "century"),
        ("17th century", 1601, 1700, "century"),
        ("late 18th C", 1767, 1800, "century"),
        ("mid- to late-19th century", 1834, 1900, "century"),
        ("late 15th–early 16th century", 1467, 1534, "century"),
        ("19th–mid-20th century", 1801, 1967, "century"),
        ("16th and 18th centuries", 1501, 1800, "century"),
        ("1st quarter of 19th century", 1801, 1825, "century"),
        ("third quarter of the 7th century BCE", -650, -626, "century"),
        ("last half 18th century", 1751, 1800, "century"),
        ("first half of the 1400s", 1400, 1449, "century"),
        ("last decade of the 1st century BCE", -10, -1, "century"),
        ("1st century BCE–2nd century CE", -100, 200, "century"),
        ("late 3rd millennium BCE", -2334, -2001, "century"),
        ("ca. 2200–2100 BCE", -2200, -2100, "range"),
        ("27 BCE–68 CE", -27, 68, "range"),
        ("300-100 BC", -300, -100, "range"),
        ("A.D. 79", 79, 79, "year"),
        ("early 19th Century, after 1806", 1806, 1834, "century"),
        ("late 14th–early 15th century (before 1405)", 1367, 1405, "century"),
        ("Qing dynasty (1644–1911), Kangxi period (1662–1722)", 1662, 1722, "range"),
        ("Dynasty 18, ca. 1550–1295 BCE", -1550, -1295, "range"),
    ],
)
def test_years_and_their_grain(text: str, earliest: int, latest: int, precision: str) -> None:
    parsed = dating(text)
    assert (parsed.earliest, parsed.latest, parsed.precision) == (earliest, latest, precision)


@pytest.mark.parametrize(
    ("text", "certainty", "circa"),
    [
        ("1850", "exact", False),
        ("c.1850", "circa", True),
        ("c, 1886-1887", "circa", True),
        ("about 1486", "circa", True),
        ("?1894", "uncertain", False),
        ("1494(?)", "uncertain", False),
        ("17th century (?)", "uncertain", False),
        ("probably 1856", "uncertain", False),
        ("?c.1810", "uncertain", True),
        ("1834, ?exhibited 1834", "exact", False),
    ],
)
def test_certainty(text: str, certainty: str, circa: bool) -> None:
    assert (dating(text).certainty, dating(text).circa) == (certainty, circa)


@pytest.mark.parametrize(
    ("text", "bound", "year"),
    [
        ("before 1850", "before", 1850),
        ("by 1818 (possibly 1814–18)", "before", 1818),
        ("1635 or earlier", "before", 1635),
        ("about 1486 or before", "before", 1486),
        ("not later than 1700", "before", 1700),
        ("after about 1571", "after", 1571),
        ("shortly after 1450", "after", 1450),
        ("1596 or after", "after", 1596),
        ("not before 1700", "after", 1700),
        ("after 1248–by 1267", "at", 1248),
    ],
)
def test_bounds(text: str, bound: str, year: int) -> None:
    assert (dating(text).bound, dating(text).earliest) == (bound, year)


@pytest.mark.parametrize(
    ("text", "years", "event"),
    [
        ("1829, exhibited 1831", (1829, 1831), "made"),
        ("exhibited 1766", (1766,), "exhibited"),
        ("1922 (cast), 2018 (tutu)", (1922, 2018), "cast"),
        ("1913, cast c.1965–6", (1913, 1965, 1966), "made"),
        ("modeled 1880 or 1881, cast 1910", (1880, 1881, 1910), "modeled"),
        ("c. 1850, from an 1844 original", (1850, 1844), "made"),
        ("1967 copy after 1908 original", (1967, 1908), "made"),
        ("19th century in the style of 16th century", (), "made"),
        ("designed ca. 1535, woven 1732–37", (1535, 1732, 1737), "woven"),
        ("dated A.H. 1156/1743–44 CE", (1743, 1744), "made"),
    ],
)
def test_every_stated_year_and_what_it_dates(text: str, years: tuple[int, ...], event: str) -> None:
    assert (dating(text).years, dating(text).event) == (years, event)


def test_what_comes_after_the_making_does_not_widen_it() -> None:
    assert dating("1934, reworked 1964").latest == 1934


def test_another_part_does_not_widen_the_first() -> None:
    assert dating("ca. 1818–20; exchangeable percussion locks, dated 1860").latest == 1820


@pytest.mark.parametrize(
    "text",
    [
        "",
        "n.d.",
        "undated",
        "date not known",
        "Kangxi period",
        "Ming dynasty",
        "A.H. 1025",
        "27 Nov 17",
        "c. 25-37",
        "ca. 1520 or modern",
        "1895–3",
        "1850–1840",
        "1750–",
        "21st of the month",
        "9999",
        "0",
        "0185",
        "18th century style",
        "first half",
        "mid-",
        "crossbow, ca. 1720–30; winder, ca. 1575–1600",
    ],
)
def test_what_is_not_certain_is_not_read(text: str) -> None:
    assert parse_date(text) is None


@pytest.mark.parametrize(
    ("text", "centuries"),
    [
        ("17th century", (17,)),
        ("1600s", (17,)),
        ("1665", (17,)),
        ("1700", (18,)),
        ("1695–1705", (17, 18)),
        ("5th century BCE", (-5,)),
        ("27 BCE–68 CE", (-1, 1)),
    ],
)
def test_centuries(text: str, centuries: tuple[int, ...]) -> None:
    assert dating(text).centuries == centuries


@given(
    st.text(
        alphabet=st.sampled_from("0123456789 -–/?,;()cabeforsthndCEB.'ndmilquarter"), max_size=60
    )
)
def test_a_dating_is_always_in_order(text: str) -> None:
    parsed = parse_date(text)
    assert parsed is None or parsed.earliest <= parsed.latest


@given(st.text())
def test_any_text_is_read_or_refused(text: str) -> None:
    assert isinstance(parse_date(text), Dating | None)


YEARS = st.integers(1000, 2024)
DASHES = st.sampled_from(["-", "–", "—", " - ", " to "])


@given(
    YEARS, st.integers(1, 60), DASHES, st.booleans(), st.sampled_from(["", "c.", "ca. ", "circa "])
)
def test_a_written_range_comes_back(
    first: int, length: int, dash: str, short: bool, circa: str
) -> None:
    last = min(first + length, 2024)
    written = str(last)
    if short and last // 100 == first // 100:
        written = str(last % 10) if last // 10 == first // 10 else f"{last % 100:02}"
    if last > first:
        parsed = dating(f"{circa}{first}{dash}{written}")
        assert (parsed.earliest, parsed.latest) == (first, last)
        assert parsed.years == (first, last)
        assert parsed.certainty == ("circa" if circa else "exact")


@given(st.integers(1, 20), st.sampled_from(["", " CE", " BCE"]))
def test_a_written_century_comes_back(number: int, era: str) -> None:
    suffix = {1: "st", 2: "nd", 3: "rd"}.get(number, "th")
    parsed = dating(f"{number}{suffix} century{era}")
    assert parsed.centuries == ((-number if "B" in era else number),)
    assert parsed.latest - parsed.earliest == 99


@pytest.mark.parametrize(
    "piece",
    ["1850", "1850–", "c.", "(", "1st ", "late ", "?", "A.H. ", "1850, ", "1/1/", "a.", "\n"],
)
def test_a_very_long_text_ends(piece: str) -> None:
    assert isinstance(parse_date(piece * (100_000 // len(piece))), Dating | None)
