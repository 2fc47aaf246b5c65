"""The fact check as a specification: what it accepts, what it catches, claim by claim."""

from __future__ import annotations

import pytest

from data.artwork import Artwork
from data.errors import GuideError
from data.facts import Checker, Kind, Verdict, check

VERMEER = Artwork(
    title="Study of a Young Woman",
    artist="Johannes Vermeer",
    artist_bio="Dutch, Delft 1632–1675 Delft",
    date="ca. 1665–67",
    medium="Oil on canvas",
    dimensions="17 1/2 x 15 3/4 in. (44.5 x 40 cm)",
    subjects=("Portraits", "Women"),
)
WIDE = Artwork(
    title="The Plains of Heaven",
    artist="John Martin",
    artist_bio="1789–1854",
    date="1851–3",
    medium="Oil paint on canvas",
    dimensions="1988 x 3067 mm",
    notes=(
        "Two angels in white stand on a rock.",
        "Martin worked on it until the year before he died.",
    ),
)
DOUBTED = Artwork(
    title="Wherries on Breydon",
    artist="attributed to John Sell Cotman",
    artist_bio="1782–1842",
    date="c.1808",
    medium="Oil paint on canvas",
    dimensions="546 x 787 mm",
)
INK = Artwork(title="Plum Branch", artist="Unknown", date="17th century", form="drawing",
              medium="ink on paper")  # fmt: skip
BUST = Artwork(title="Bust of a Woman", artist="Reg Butler", date="1951", form="sculpture", medium="Bronze",
               dimensions="Height: 47 cm")  # fmt: skip

SCROLL = Artwork(title="Hotei with a Child", artist="Ono no Ozū", artist_bio="Japanese, 1559/68–1631",
                 date="1624", medium="ink on paper")  # fmt: skip

FARM = Artwork(title="The Valley Farm", artist="John Constable", date="1835", medium="Oil paint on canvas",
               subjects=("wooded", "branch", "dog", "irregular forms"))  # fmt: skip
UNDATED = Artwork(title="Portrait of an Engraver", artist="Lemuel Francis Abbott", artist_bio="1760–1803",
                  medium="Oil paint on canvas")  # fmt: skip


def wrong(text, artwork=VERMEER, language="en"):
    return {c.kind.value for c in check(text, artwork, language).unsupported}


TRUE = [
    ("en", UNDATED, "Abbott, who painted it, was born in 1760 and died in 1803, at about 43."),
    ("en", UNDATED, "It was painted by Lemuel Francis Abbott, who lived from 1760 to 1803."),
    ("de", UNDATED, "Abbott malte es, der von 1760 bis 1803 lebte."),
    ("en", FARM, "It is made of oil paint on canvas. It is made of irregular forms."),
    ("fr", FARM, "Le tableau est fait d'huile sur toile."),
    ("de", FARM, "Es ist aus Ölfarbe auf Leinwand gemacht. Es besteht aus unregelmäßigen Formen."),
    ("es", FARM, "La pintura está hecha con óleo sobre lienzo."),
    ("it", FARM, "Il quadro è fatto di olio su tela."),
    ("en", VERMEER, "Vermeer painted it around 1665, in oil on canvas, at about 33."),
    ("en", VERMEER, "It is a seventeenth-century picture, forty-five centimetres high and forty wide."),
    ("en", VERMEER, "The Dutch painter was in his early thirties. Delft was his home from birth to death."),
    ("en", VERMEER, "About ten years later he died."),
    ("en", VERMEER, "At less than half a metre, the canvas is small. Seventeen and a half inches high."),
    ("en", VERMEER, "Is there any red in it? Look for the place where the light falls."),
    ("en", VERMEER, "Oil paint dries slowly, and a painter can rework it for days."),
    ("en", WIDE, "It is two metres high and just over three metres wide, wider than it is tall."),
    ("en", WIDE, "Find the two angels in white. Martin died the year after, in 1854."),
    ("en", VERMEER, "It is from the second half of the seventeenth century."),
    ("en", SCROLL, "Ono was born in about 1559 and died in 1631."),
    ("en", VERMEER, "Vermeer was born in the first half of the seventeenth century."),
    ("en", VERMEER, "He died at 42. In English, the title says no more."),
    ("fr", VERMEER, "Peint dans la seconde moitié du XVIIe siècle."),
    ("de", VERMEER, "Er malte es Mitte des siebzehnten Jahrhunderts, mit Anfang dreißig."),
    ("en", DOUBTED, "Attributed to John Sell Cotman, it dates from early in the nineteenth century."),
    ("fr", VERMEER, "Vermeer a peint cette étude vers 1665, à l'huile sur toile, à environ 33 ans."),
    ("fr", VERMEER, "Une toile du XVIIe siècle, de quarante-cinq centimètres de haut, d'un peintre néerlandais."),
    ("fr", WIDE, "La toile mesure près de deux mètres de haut et plus de trois mètres de large."),
    ("de", VERMEER, "Johannes Vermeer malte das Bild um 1665 in Öl auf Leinwand, mit etwa 33 Jahren."),
    ("de", VERMEER, "Der niederländische Maler war Anfang dreißig. Die Leinwand ist 45 Zentimeter hoch."),
    ("de", WIDE, "Die Leinwand ist zwei Meter hoch und breiter als hoch."),
    ("es", VERMEER, "Johannes Vermeer lo pintó hacia 1665, al óleo sobre lienzo, con unos 33 años."),
    ("es", VERMEER, "Es un cuadro del siglo diecisiete, de unos 45 centímetros de alto."),
    ("it", VERMEER, "Johannes Vermeer lo dipinse intorno al 1665, a olio su tela, a circa 33 anni."),
    ("it", VERMEER, "È un quadro del Seicento, alto circa 45 centimetri e largo 40."),
    ("en", VERMEER, "This painting by Vermeer is about 44 centimetres high."),
    ("en", VERMEER, "Vermeer painted it, and it is about 44 centimetres high."),
    ("fr", VERMEER, "Le tableau du peintre mesure environ 44 centimètres de haut."),
    ("de", VERMEER, "Das Bild von Vermeer ist etwa 44 Zentimeter hoch."),
    ("it", VERMEER, "Il quadro dell'artista misura circa 44 centimetri."),
]  # fmt: skip
FALSE = [
    ("en", VERMEER, "Vermeer painted it in 1671.", "year"),
    ("en", VERMEER, "It belongs to the fifteenth century.", "century"),
    ("en", VERMEER, "He painted it in the 1640s.", "decade"),
    ("en", VERMEER, "He was about 58 years old.", "age"),
    ("en", VERMEER, "He was in his late fifties.", "age"),
    ("en", VERMEER, "The canvas is two metres thirty high.", "size"),
    ("en", VERMEER, "It is 40 centimetres high and 44 wide, or nearly a metre and a half.", "size"),
    ("en", WIDE, "It is taller than it is wide.", "orientation"),
    ("en", WIDE, "The canvas is three metres high.", "size"),
    ("en", VERMEER, "Rembrandt painted it.", "name"),
    ("en", VERMEER, "It was painted in Leiden.", "place"),
    ("en", VERMEER, "The artist was Norwegian.", "nationality"),
    ("en", VERMEER, "It is tempera on panel.", "material"),
    ("en", VERMEER, "She wears a yellow dress.", "colour"),
    ("en", VERMEER, "Look for the birds.", "detail"),
    ("en", VERMEER, "Vermeer carved it.", "technique"),
    ("en", BUST, "Reg Butler painted this head.", "technique"),
    ("en", VERMEER, "He is best known for his quiet rooms.", "biography"),
    ("en", WIDE, "He was born in Cornwall.", "place"),
    ("en", SCROLL, "Ono was born in 1559 and died in 1631.", "biography"),
    ("en", DOUBTED, "John Sell Cotman painted it around 1808.", "attribution"),
    ("fr", VERMEER, "Vermeer l'a peint en 1671.", "year"),
    ("fr", VERMEER, "C'est une aquarelle sur papier.", "material"),
    ("fr", VERMEER, "Elle porte une robe rouge.", "colour"),
    ("fr", WIDE, "La toile est plus haute que large.", "orientation"),
    ("de", VERMEER, "Vermeer malte es in Leipzig.", "place"),
    ("de", VERMEER, "Das Bild ist drei Meter hoch.", "size"),
    ("de", VERMEER, "Vermeer schnitzte es.", "technique"),
    ("es", VERMEER, "El artista tenía unos 58 años.", "age"),
    ("es", VERMEER, "Es obra de un artista sueco.", "nationality"),
    ("it", VERMEER, "L'opera appartiene al quattordicesimo secolo.", "century"),
    ("en", VERMEER, "It was painted early in the seventeenth century.", "century"),
    ("en", VERMEER, "It belongs to the first half of the seventeenth century.", "century"),
    ("fr", VERMEER, "Peint au début du XVIIe siècle.", "century"),
    ("de", VERMEER, "Das Bild entstand Anfang des siebzehnten Jahrhunderts.", "century"),
    ("es", VERMEER, "Se pintó a principios del siglo XVII.", "century"),
    ("it", VERMEER, "Fu dipinto all'inizio del Seicento.", "century"),
    ("en", VERMEER, "The painter was Flemish.", "nationality"),
    ("en", VERMEER, "It is the work of an English artist.", "nationality"),
    ("fr", VERMEER, "C'est un peintre flamand.", "nationality"),
    ("de", VERMEER, "Der flämische Maler malte es.", "nationality"),
    ("de", VERMEER, "Der Maler war Schweizer.", "nationality"),
    ("es", VERMEER, "Un pintor flamenco lo pintó.", "nationality"),
    ("it", VERMEER, "È di un pittore fiammingo.", "nationality"),
    ("es", VERMEER, "Tenía 42 años cuando lo pintó hacia 1665.", "age"),
    ("en", WIDE, "He died six years later.", "duration"),
    ("en", BUST, "Reg Butler carved it.", "technique"),
    ("fr", INK, "L'encre est posée sur soie.", "material"),
    ("en", INK, "Look for a man on the bridge.", "detail"),
    ("de", INK, "Er trägt einen Bart.", "detail"),
    ("en", VERMEER, "He was newly married.", "biography"),
    ("en", VERMEER, "He died in the war.", "biography"),
    ("it", VERMEER, "Aveva cinquant'anni.", "age"),
    ("en", UNDATED, "The artist was about 40 when this picture was painted.", "age"),
    ("en", UNDATED, "The artist was about 40 when it was painted, and died in 1803.", "age"),
    ("en", UNDATED, "The artist was about 1803 when it was painted.", "age"),
    ("en", UNDATED, "It was painted around 1803.", "year"),
    ("fr", UNDATED, "L'artiste avait 43 ans quand il l'a peint.", "age"),
    ("de", UNDATED, "Abbott malte es mit etwa 40.", "age"),
    ("es", UNDATED, "Abbott lo pintó a los 43 años.", "age"),
    ("it", UNDATED, "Abbott lo dipinse nel 1803.", "year"),
    ("en", FARM, "It is made of a branch, and the picture is wide.", "material"),
    ("en", FARM, "It is made of wood, and the picture is painted on canvas.", "material"),
    ("fr", FARM, "Elle est faite d'un chien.", "material"),
    ("de", FARM, "Das Bild ist aus Holz gefertigt.", "material"),
    ("es", FARM, "La obra está hecha de madera.", "material"),
    ("it", FARM, "L'opera è fatta di un cane.", "material"),
    ("en", VERMEER, "The artist was about 44 centimetres high.", "size"),
    ("en", VERMEER, "It is of 1665, and Johannes Vermeer was 44 centimetres tall.", "size"),
    ("fr", VERMEER, "L'artiste mesure environ 44 centimètres de haut.", "size"),
    ("de", VERMEER, "Der Maler ist etwa 44 Zentimeter hoch.", "size"),
    ("es", VERMEER, "El pintor mide unos 44 centímetros.", "size"),
    ("it", VERMEER, "Vermeer misura circa 44 centimetri.", "size"),
    ("it", VERMEER, "Fu allievo di un pittore di corte.", "biography"),
]  # fmt: skip


@pytest.mark.parametrize(("language", "artwork", "text"), TRUE)
def test_a_true_paraphrase_is_accepted(language, artwork, text):
    assert wrong(text, artwork, language) == set()


@pytest.mark.parametrize(("language", "artwork", "text", "kind"), FALSE)
def test_an_invention_is_caught(language, artwork, text, kind):
    assert kind in wrong(text, artwork, language)


def test_a_hedge_in_another_sentence_keeps_an_attribution_open():
    text = "This is attributed to John Sell Cotman. Cotman was young then."
    assert "attribution" not in wrong(text, DOUBTED)


def test_a_sentence_may_lean_on_what_was_said_before():
    checker = Checker(DOUBTED)
    alone = checker.check_sentence("Cotman was in his twenties.")
    told = checker.check_sentence("Cotman was in his twenties.", "It is attributed to Cotman.")
    assert (alone.clean, told.clean) == (False, True)


@pytest.mark.parametrize(
    ("language", "text"),
    [("en", "The Hague has it. The date is around 1665."), ("de", "Die Farben sind Öl.")],
)
def test_a_word_that_only_begins_a_sentence_is_no_name_though_the_record_has_it(language, text):
    notes = ["It was bought in The Hague.", "Die Farben, The Colours, is what it is called."]
    artwork = Artwork(title="Girl", date="c. 1665", notes=notes)
    told = [text[c.start : c.end] for c in check(text, artwork, language).claims]
    assert not {"The", "Die", "It"} & set(told)
    assert language == "de" or told[0] == "The Hague"


def test_a_year_of_the_artists_life_is_no_date_of_the_work():
    assert "year" in wrong("Vermeer painted it in 1632.")


def test_lore_is_unclear_rather_than_unsupported():
    triton = Artwork(title="Triton", artist="Giambologna", form="sculpture", medium="Bronze")
    report = check("Triton was a god of Greek myth.", triton)
    assert report.clean
    assert any(c.verdict is Verdict.unclear for c in report.claims)


def test_a_record_without_dimensions_supports_no_size():
    bare = Artwork(title="Landscape", artist="Patrick Nasmyth")
    assert wrong("It is 50 centimetres high.", bare) == {"size"}


def test_claims_come_in_the_order_of_the_text_with_reasons():
    text = "In 1671 it was painted in Leiden, two metres high."
    claims = check(text, VERMEER).unsupported
    assert [c.kind for c in claims] == [Kind.year, Kind.place, Kind.size]
    assert [text[c.start : c.end] for c in claims] == ["1671", "Leiden", "two metres"]
    assert all(c.reason for c in claims)


def test_style_is_told_apart_from_truth():
    report = check("Welcome! This stunning picture is 44.5 cm × 40 cm.", VERMEER, length="brief")
    assert {f.kind for f in report.findings} == {
        "greeting",
        "worn",
        "abbreviation",
        "symbol",
        "length",
    }


def test_a_language_it_does_not_know_is_named():
    with pytest.raises(GuideError, match=r"'pt'.*en, fr, de, es and it"):
        check("Olá.", VERMEER, "pt")
