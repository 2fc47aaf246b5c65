"""Text made speakable: numbers, years, centuries, rulers, units and marks in five languages."""

import json
import re
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.errors import SpeechError
from data.wording import LANGUAGES
from infer.speech.speakable import speakable
from tests.conftest import ROOT

SAID = [
    # Years, decades, ranges
    ("en", "in 1665", "in sixteen sixty-five"),
    ("en", "in 1905 and 2005", "in nineteen oh-five and two thousand and five"),
    ("en", "the 1860s, the '60s, the 1900s", "the eighteen sixties, the sixties, the nineteen hundreds"),
    ("en", "1632–1675", "sixteen thirty-two to sixteen seventy-five"),
    ("en", "On March 30, 1959", "On March thirtieth, nineteen fifty-nine"),
    ("en", "on 3 May 1808", "on the third of May eighteen oh-eight"),
    ("fr", "vers 1665", "vers mille six cent soixante-cinq"),
    ("de", "um 1665", "um sechzehnhundertfünfundsechzig"),
    ("de", "die 1860er Jahre", "die achtzehnhundertsechziger Jahre"),
    ("es", "hacia 1665", "hacia mil seiscientos sesenta y cinco"),
    ("it", "nel 1665, negli anni '60", "nel milleseicentosessantacinque, negli anni sessanta"),
    # Centuries and ordinals
    ("en", "the 17th century, a 19th-century copy", "the seventeenth century, a nineteenth-century copy"),
    ("fr", "du XVIIe siècle", "du dix-septième siècle"),
    ("fr", "les XVIe et XVIIᵉ siècles", "les seizième et dix-septième siècles"),
    ("fr", "1er état, 1re version", "premier état, première version"),
    ("de", "im 17. Jahrhundert", "im siebzehnten Jahrhundert"),
    ("de", "das 18. und 19. Jahrhundert", "das achtzehnte und neunzehnte Jahrhundert"),
    ("de", "Der 3. Mai 1808", "Der dritte Mai achtzehnhundertacht"),
    ("de", "am 3. Mai", "am dritten Mai"),
    ("es", "el siglo XIX, los siglos XVI y XVII", "el siglo diecinueve, los siglos dieciséis y diecisiete"),
    ("es", "la 2.ª versión", "la segunda versión"),
    ("it", "il XVII secolo", "il diciassettesimo secolo"),
    ("it", "i secoli XV e XVI", "i secoli quindicesimo e sedicesimo"),
    # Rulers
    ("en", "Louis XIV and Charles I's wife", "Louis the Fourteenth and Charles the First's wife"),
    ("fr", "François Ier et Louis XIV", "François premier et Louis quatorze"),
    ("de", "König Ludwig XIV. saß ihm", "König Ludwig der Vierzehnte saß ihm"),
    ("de", "unter Ludwig XIV. gemalt", "unter Ludwig dem Vierzehnten gemalt"),
    ("de", "am Hof Ludwigs XIV.", "am Hof Ludwigs des Vierzehnten."),
    ("de", "Katharina II.", "Katharina die Zweite."),
    ("es", "Felipe IV y Alfonso XIII", "Felipe cuarto y Alfonso trece"),
    ("es", "Isabel II", "Isabel segunda"),
    ("it", "Elisabetta II", "Elisabetta seconda"),
    # Other Roman numerals are counted, letters are not
    ("en", "Bull III", "Bull three"),
    ("fr", "Meru III", "Meru trois"),
    ("en", "Composition V shows", "Composition five shows"),
    ("en", "form a V", "form a V"),
    ("en", "World War II", "World War two"),
    ("en", "William I. Koch", "William I Koch"),
    # Measures, decimals, money
    ("en", "44.5 × 39 cm", "forty-four point five by thirty-nine centimetres"),
    ("en", "1 m high", "one metre high"),
    ("en", "16½ in. wide", "sixteen point five inches wide"),
    ("fr", "environ 1,3 mètre", "environ un virgule trois mètre"),
    ("fr", "44,25 x 39 cm", "quarante-quatre virgule vingt-cinq sur trente-neuf centimètres"),
    ("de", "1,3 m hoch, 1 m breit", "eins Komma drei Meter hoch, ein Meter breit"),
    ("es", "21 cm de alto", "veintiún centímetros de alto"),
    ("es", "unos 41 años", "unos cuarenta y un años"),
    ("it", "1 m e 2,5 kg", "un metro e due virgola cinque chilogrammi"),
    ("en", "12 m²", "twelve square metres"),
    ("en", "1,234,567", "one million two hundred and thirty-four thousand five hundred and sixty-seven"),
    ("de", "1.500 Euro", "fünfzehnhundert Euro"),
    ("fr", "1 500 €", "mille cinq cents euros"),
    ("en", "£1,500, 50%", "one thousand five hundred pounds, fifty per cent"),
    # Abbreviations and marks
    ("en", "J. M. W. Turner & Sons", "J M W Turner and Sons"),
    ("en", "c. 1665, St. Jerome, No. 5", "around sixteen sixty-five, Saint Jerome, number five"),
    ("en", "500 BCE", "five hundred before the Common Era"),
    ("de", "500 v. Chr.", "fünfhundert vor Christus."),
    ("fr", "50 av. J.-C.", "cinquante avant Jésus-Christ."),
    ("it", "50 a.C.", "cinquanta avanti Cristo."),
    ("en", "“Head” (a sketch) – look…", "Head, a sketch, look"),
    # Names and words as they are
    ("en", "Margaretha van Haexbergen, Ōtagaki Rengetsu, O'Doherty", "Margaretha van Haexbergen, Ōtagaki Rengetsu, O'Doherty"),
    ("it", "un po' di luce dell'ottocento", "un po' di luce dell'ottocento"),
    ("en", "鳥獣戯画", "鳥獣戯画"),
]  # fmt: skip


@pytest.mark.parametrize(("language", "text", "said"), SAID, ids=[text for _, text, _ in SAID])
def test_text_is_said_in_words(language, text, said):
    assert speakable(text, language) == unicodedata.normalize("NFC", said)


@given(st.text(max_size=80), st.sampled_from(LANGUAGES))
@settings(max_examples=300, deadline=None)
def test_any_text_becomes_letters_and_the_marks_that_one_breathes_at(text, language):
    for char in speakable(text, language):
        assert char in " .,;:?!'-" or unicodedata.category(char)[0] in "LM"


_TANGLED = """
    1665 17. XIV Louis Ludwig '60s 44.5 × cm in. c. St. – “ siglo siècle secolo Jahrhundert century
    XVIIe 1.º £ ½ No. ( ) J. V I and y e der im März May 1,500 2.5 % ' - …
"""


@given(st.lists(st.sampled_from(_TANGLED.split()), max_size=12), st.sampled_from(LANGUAGES))
@settings(max_examples=400, deadline=None)
def test_speakable_text_is_speakable_already(pieces, language):
    once = speakable(" ".join(pieces), language)
    assert speakable(once, language) == once


@given(st.lists(st.from_regex(r"[a-zäöüéèßñçà]{2,12}", fullmatch=True), min_size=1, max_size=8))
@settings(max_examples=100, deadline=None)
def test_words_in_small_letters_are_left_alone(words):
    text = " ".join(words)
    for language in LANGUAGES:
        assert speakable(text, language) == unicodedata.normalize("NFC", text)


@given(st.integers(0, 10**15), st.sampled_from(LANGUAGES))
@settings(max_examples=200, deadline=None)
def test_every_whole_number_has_words(value, language):
    assert re.fullmatch(r"[^\W\d_]+(?:[ -][^\W\d_]+)*", speakable(str(value), language))


def test_no_sentence_of_the_corpus_keeps_a_digit():
    lines = (ROOT / "data" / "corpus" / "guides.jsonl").read_text().splitlines()[::25]
    for row in map(json.loads, lines):
        said = speakable(row["script"], row["language"])
        assert not re.search(r"\d", said), row["id"]
        assert len(said.split()) >= 0.9 * len(re.findall(r"\w+", row["script"])), row["id"]


def test_language_without_words_is_named():
    with pytest.raises(SpeechError, match=r"Text in 'nl' .* known are en, fr, de, es, it"):
        speakable("Het Melkmeisje", "nl")
