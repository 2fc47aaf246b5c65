"""Artists' biography lines in every shape the museums print."""

import dataclasses
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.dates import Life, parse_life

SHAPES: dict[str, dict[str, Any]] = {
    "1789–1854": {"born": 1789, "died": 1854},
    "1915 – 2012": {"born": 1915, "died": 2012},
    "(1776–1838)": {"born": 1776, "died": 1838},
    "born 1926": {"born": 1926},
    "born 26 Jun 1929": {"born": 1929},
    "born c. 1930": {"born": 1930, "born_circa": True},
    "19 Jun 1783 - 5 Nov 1872": {"born": 1783, "died": 1872},
    "10 Jan. 1872 - 3 Mar. 1952": {"born": 1872, "died": 1952},
    "1867 - May 1931": {"born": 1867, "died": 1931},
    "16 Jul 1756 - c. 11 Oct 1793": {"born": 1756, "died": 1793, "died_circa": True},
    "1808 - ?": {"born": 1808},
    "1833 - 1900?": {"born": 1833, "died": 1900, "died_circa": True},
    "c.1730–c.1775": {"born": 1730, "died": 1775, "born_circa": True, "died_circa": True},
    "?1572–1651": {"born": 1572, "died": 1651, "born_circa": True},
    "1728 or 32–1784": {"born": 1728, "died": 1784, "born_circa": True},
    "1926 - 1962/3": {"born": 1926, "died": 1962, "died_circa": True},
    "1742–after 1828": {"born": 1742},
    "before 1730–1788": {"died": 1788},
    "d. 1417": {"died": 1417},
    "active ca. 1583–1626": {"active_from": 1583, "active_to": 1626},
    "active 1862": {"active_from": 1862, "active_to": 1862},
    "active c. 1973 -": {"active_from": 1973},
    "active c.1645–died 1679": {"active_from": 1645, "died": 1679},
    "founded 1954": {"active_from": 1954},
    "established China, 1986": {"active_from": 1986},
    "born 1963, Hebei": {"born": 1963, "birthplace": "Hebei"},
    "born Guangdong, 1989": {"born": 1989, "birthplace": "Guangdong"},
    "born 1968, Fujian, died 2020, Hong Kong": {
        "born": 1968, "died": 2020, "birthplace": "Fujian", "deathplace": "Hong Kong",
    },
    "1946-2023, Indonesia": {"born": 1946, "died": 2023},
    "Japanese": {"nationality": "Japanese"},
    "French, Paris": {"nationality": "French"},
    "Chinese, born 1937": {"nationality": "Chinese", "born": 1937},
    "Chinese, born 1970s": {"nationality": "Chinese"},
    "Chinese. 1944–2018": {"nationality": "Chinese", "born": 1944, "died": 2018},
    "Chinese c. 923-976": {
        "nationality": "Chinese", "born": 923, "died": 976, "born_circa": True,
    },
    "Chinese, act. 960-985": {"nationality": "Chinese", "active_from": 960, "active_to": 985},
    "Flemish, c1475/78-1532": {
        "nationality": "Flemish", "born": 1475, "died": 1532, "born_circa": True,
    },
    "Netherlandish, 1451-55-1549": {
        "nationality": "Netherlandish", "born": 1451, "died": 1549, "born_circa": True,
    },
    "Italian, c. 1490-aft 1541": {"nationality": "Italian", "born": 1490, "born_circa": True},
    "Italian, bef 1242": {"nationality": "Italian"},
    "Japanese, 1345": {"nationality": "Japanese"},
    "Italian, 1460/70": {"nationality": "Italian"},
    "American, born China, 1948": {
        "nationality": "American", "born": 1948, "birthplace": "China",
    },
    "Hong Kong, born China. 1919–1975": {
        "nationality": "Hong Kong", "born": 1919, "died": 1975, "birthplace": "China",
    },
    "French, born in Xiamen, China. 1927–1991": {
        "nationality": "French", "born": 1927, "died": 1991, "birthplace": "Xiamen, China",
    },
    "British (born India), Calcutta 1815–1879 Kalutara, Ceylon": {
        "nationality": "British", "born": 1815, "died": 1879, "birthplace": "Calcutta",
        "deathplace": "Kalutara, Ceylon",
    },
    "French (born Prussia), 1813–1889": {
        "nationality": "French", "born": 1813, "died": 1889, "birthplace": "Prussia",
    },
    "Dutch, Delft 1632–1675 Delft": {
        "nationality": "Dutch", "born": 1632, "died": 1675, "birthplace": "Delft",
        "deathplace": "Delft",
    },
    "Dutch, Antwerp 1582/83–1666 Haarlem": {
        "nationality": "Dutch", "born": 1582, "died": 1666, "born_circa": True,
        "birthplace": "Antwerp", "deathplace": "Haarlem",
    },
    "German, Colmar ca. 1435/50–1491 Breisach": {
        "nationality": "German", "died": 1491, "birthplace": "Colmar", "deathplace": "Breisach",
    },
    "French, Chamagne 1604/5?–1682 Rome": {
        "nationality": "French", "born": 1604, "died": 1682, "born_circa": True,
        "birthplace": "Chamagne", "deathplace": "Rome",
    },
    "Italian, Florence (?) ca. 1370–1425 Florence (?)": {
        "nationality": "Italian", "born": 1370, "died": 1425, "born_circa": True,
    },
    "American, St. Louis, Missouri 1903–1975 Washington, D.C.": {
        "nationality": "American", "born": 1903, "died": 1975,
        "birthplace": "St. Louis, Missouri", "deathplace": "Washington, D.C.",
    },
    "Iranian, Jam 1414–92 Herat": {
        "nationality": "Iranian", "born": 1414, "died": 1492, "birthplace": "Jam",
        "deathplace": "Herat",
    },
    "Italian, active Florence, ca. 1315–35": {
        "nationality": "Italian", "active_from": 1315, "active_to": 1335,
    },
    "Italian, Siena, active by 1315–died 1344 Avignon": {
        "nationality": "Italian", "active_from": 1315, "died": 1344, "deathplace": "Avignon",
    },
    "Italian, active Venice by ca. 1472–died before 1498": {
        "nationality": "Italian", "active_from": 1472,
    },
    "German, Herrnhaag 1743–1807 Wiesbaden, master 1780": {
        "nationality": "German", "born": 1743, "died": 1807, "birthplace": "Herrnhaag",
        "deathplace": "Wiesbaden",
    },
    "Italian (Emilian), active late 15th century": {"nationality": "Italian"},
    "British, Etruria, Staffordshire, 1759–present": {
        "nationality": "British", "active_from": 1759,
    },
    "Chinese, 1082–1135; r. 1100–25": {"nationality": "Chinese", "born": 1082, "died": 1135},
    "Iranian, born Khorasan–1430 Zanjan": {
        "nationality": "Iranian", "died": 1430, "birthplace": "Khorasan", "deathplace": "Zanjan",
    },
    "Padua 1655–1731 Florence": {
        "born": 1655, "died": 1731, "birthplace": "Padua", "deathplace": "Florence",
    },
}  # fmt: skip


@pytest.mark.parametrize("text", SHAPES)
def test_every_shape(text: str) -> None:
    assert parse_life(text) == Life(**SHAPES[text])


@pytest.mark.parametrize(
    "text",
    [
        "",
        "unknown",
        "lifedates unknown",
        "1964",
        "born 1945, born 1947",
        "French, Paris 1800–1850; Italian, Rome 1810–1860",
        "active early 20th Century",
        "fl. 1860s-1890s",
        "1600–1799",
    ],
)
def test_what_is_not_certain_is_not_read(text: str) -> None:
    assert parse_life(text) is None


def test_a_reign_is_not_a_life() -> None:
    assert parse_life("Chinese, 1628–1635") == Life(nationality="Chinese")


def test_a_life_behind_the_word_active_is_left_alone() -> None:
    life = parse_life("Belgian, active France, Brussels 1822–1874 Paris")
    assert life == Life(nationality="Belgian")


@given(
    st.integers(1200, 1950),
    st.integers(20, 100),
    st.sampled_from(["–", "-", " - ", " – "]),
    st.sampled_from(["", "Dutch, ", "French, "]),
    st.sampled_from(["", "Paris", "Aix-en-Provence", "New York, New York"]),
)
def test_a_written_life_comes_back(
    born: int, age: int, dash: str, nationality: str, place: str
) -> None:
    text = f"{nationality}{place} {born}{dash}{born + age} {place}".strip()
    life = parse_life(text)
    assert life is not None
    assert (life.born, life.died, life.deathplace) == (born, born + age, place or None)
    assert life.birthplace == (place or None)
    assert life.nationality == (nationality.strip(", ") or None)


@given(st.text())
def test_any_text_is_read_or_refused(text: str) -> None:
    life = parse_life(text)
    assert life is None or any(dataclasses.astuple(life))


@pytest.mark.parametrize(
    "piece", ["1850", "1850–1900 ", "c. ", "? ", "born ", "(", "1 Jan ", "Paris, "]
)
def test_a_very_long_text_ends(piece: str) -> None:
    assert isinstance(parse_life(piece * (100_000 // len(piece))), Life | None)
