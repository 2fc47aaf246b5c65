"""The wording of each language: numbers, units, centuries, years and names as they are said."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.comparisons import MARKS, SHEETS, SMALL_MARKS, SMALLER, WIDE_MARKS
from data.errors import GuideError
from data.wording import LANGUAGES, load_wording, round_length

# A size by its unit's CLDR name, in centimetres.
CENTIMETRES = {"length-millimeter": 0.1, "length-centimeter": 1.0, "length-meter": 100.0}


@given(st.floats(min_value=0.3, max_value=5_000))
def test_a_said_length_is_near_the_truth(centimetres: float) -> None:
    value, unit = round_length(centimetres)
    tolerance = 0.05 if centimetres >= 10 else 0.1 if centimetres >= 1 else 0.2
    assert value * CENTIMETRES[unit] == pytest.approx(centimetres, rel=tolerance)


@pytest.mark.parametrize(
    ("centimetres", "said"),
    [
        (131.4, "1.3 metres"),
        (99.7, "100 centimetres"),
        (51.5, "52 centimetres"),
        (30.5, "30 centimetres"),
        (101.6, "one metre"),
        (107.0, "1.1 metres"),
        (200.0, "2 metres"),
        (3.5, "3.5 centimetres"),
        (0.8, "8 millimetres"),
        (1393.8, "13.9 metres"),
    ],
)
def test_english_lengths_are_rounded_as_one_says_them(centimetres: float, said: str) -> None:
    assert load_wording("en").length(centimetres) == said


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", "about 1.3 metres high and one metre wide"),
        ("fr", "environ 1,3 mètre de haut et un mètre de large"),
        ("de", "etwa 1,3 Meter hoch und einen Meter breit"),
        ("es", "alrededor de 1,3 metros de alto y un metro de ancho"),
        ("it", "circa 1,3 metri di altezza e un metro di larghezza"),
    ],
)
def test_size_has_the_decimal_mark_and_plural_of_its_language(language: str, said: str) -> None:
    assert load_wording(language).size({"height": 131.4, "width": 100.3}) == said


def test_spanish_centimetres_take_unos() -> None:
    said = load_wording("es").size({"height": 51.5, "width": 23.0})
    assert said == "unos 52 centímetros de alto y 23 centímetros de ancho"


def test_three_measures_are_a_list() -> None:
    said = load_wording("en").size({"height": 162.0, "width": 884.0, "depth": 886.0})
    assert said == "about 1.6 metres high, 8.8 metres wide and 8.9 metres deep"


@pytest.mark.parametrize(
    ("language", "century", "part", "said"),
    [
        ("en", 17, "plain", "in the seventeenth century"),
        ("en", -5, "middle", "in the middle of the fifth century before the Common Era"),
        ("fr", 17, "plain", "au dix-septième siècle"),
        ("fr", 21, "early", "au début du vingt et unième siècle"),
        ("fr", -3, "late", "à la fin du troisième siècle avant notre ère"),
        ("de", 17, "plain", "im siebzehnten Jahrhundert"),
        ("de", 19, "late", "im späten neunzehnten Jahrhundert"),
        ("de", 20, "middle", "in der Mitte des zwanzigsten Jahrhunderts"),
        ("es", 17, "plain", "en el siglo diecisiete"),
        ("es", -3, "plain", "en el siglo tercero antes de Cristo"),
        ("es", 16, "middle", "a mediados del siglo dieciséis"),
        ("it", 17, "plain", "nel diciassettesimo secolo"),
        ("it", 8, "plain", "nell'ottavo secolo"),
        ("it", 11, "early", "all'inizio dell'undicesimo secolo"),
        ("it", -5, "late", "alla fine del quinto secolo avanti Cristo"),
    ],
)
def test_centuries_are_said_in_words(language: str, century: int, part: str, said: str) -> None:
    assert load_wording(language).century(century, part) == said


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", "between about 1665 and 1667"),
        ("fr", "entre 1665 et 1667 environ"),
        ("de", "zwischen etwa 1665 und 1667"),
        ("es", "entre 1665 y 1667, aproximadamente"),
        ("it", "tra il 1665 e il 1667 circa"),
    ],
)
def test_approximate_ranges(language: str, said: str) -> None:
    assert load_wording(language).date("date.around_range", 1665, 1667) == said


@pytest.mark.parametrize(
    ("year", "said"), [(1665, "intorno al 1665"), (800, "intorno all'800"), (11, "intorno all'11")]
)
def test_italian_years_take_their_article(year: int, said: str) -> None:
    assert load_wording("it").date("date.around", year) == said


def test_the_era_of_a_range_is_said_once() -> None:
    said = load_wording("en").date("date.range", -500, -450)
    assert said == "between 500 and 450 before the Common Era"


def test_a_range_over_the_eras_says_the_first_one() -> None:
    said = load_wording("de").date("date.range", -27, 68)
    assert said == "zwischen 27 vor unserer Zeitrechnung und 68"


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", "in the 1860s"),
        ("fr", "dans les années 1860"),
        ("de", "in den 1860er Jahren"),
        ("es", "en la década de 1860"),
        ("it", "negli anni sessanta dell'Ottocento"),
    ],
)
def test_decades(language: str, said: str) -> None:
    assert load_wording(language).decade("date.decade", 1860) == said


@pytest.mark.parametrize(
    ("artist", "said"),
    [("Antoine Watteau", "de l'atelier d'Antoine Watteau"), ("Titien", "de l'atelier de Titien")],
)
def test_french_names_elide(artist: str, said: str) -> None:
    assert load_wording("fr").attribution("attribution.workshop", artist) == said


def test_languages_have_the_same_keys_with_the_same_slots() -> None:
    english = load_wording("en")
    own = {"size.about_centimetres"}
    for language in LANGUAGES:
        assert load_wording(language).names - own == english.names


@pytest.mark.parametrize("language", LANGUAGES)
def test_number_slots_are_never_lost(language: str) -> None:
    english, words = load_wording("en"), load_wording(language)
    numbers = {"n", "age", "youngest", "oldest", "length"}
    for key in english.names:
        assert slots(english.template(key)) & numbers == slots(words.template(key)) & numbers, key


def slots(template: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(template) if name}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_comparison_has_words(language: str) -> None:
    keys = {thing.key for thing in (*SHEETS, *SMALL_MARKS, *MARKS, *WIDE_MARKS)}
    keys |= {key for key, _, _ in SMALLER}
    assert keys == {
        key.removeprefix("comparison.")
        for key in load_wording(language).names
        if key.startswith("comparison.")
    }


def test_an_unknown_language_names_the_known_ones() -> None:
    with pytest.raises(GuideError, match="'nl'; choose one of en, fr, de, es, it"):
        load_wording("nl")
