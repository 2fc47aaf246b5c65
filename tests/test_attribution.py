"""What an artist field says of the maker, in the shapes that museums write it."""

import pytest

from data.attribution import read_attribution


@pytest.mark.parametrize(
    ("artist", "kind", "name"),
    [
        ("Johannes Vermeer", "certain", "Johannes Vermeer"),
        ("El Greco (Domenikos Theotokopoulos)", "certain", "El Greco"),
        ("attributed to John Sell Cotman", "attributed", "John Sell Cotman"),
        ("Painting attributed to Bhawani Das", "attributed", "Bhawani Das"),
        ("doubtfully attributed to John Constable", "attributed", "John Constable"),
        ("British School 17th century, attributed to Mary Beale", "attributed", "Mary Beale"),
        ("Francisco Goya (attributed to)", "attributed", "Francisco Goya"),
        ("Carlo Maratti, attributed", "attributed", "Carlo Maratti"),
        ("Possibly by Annibale Carracci", "attributed", "Annibale Carracci"),
        ("Gentile Bellini?", "attributed", "Gentile Bellini"),
        ("Gentile Bellini (?)", "attributed", "Gentile Bellini"),
        ("? Wissner", "attributed", "Wissner"),
        ("?Annibale Carracci", "attributed", "Annibale Carracci"),
        ("formerly attributed to Thomas Gainsborough", "unknown", "Thomas Gainsborough"),
        ("workshop of Jacopo Tintoretto", "workshop", "Jacopo Tintoretto"),
        ("Studio of Richard Wilson", "workshop", "Richard Wilson"),
        ("Rembrandt, workshop of", "workshop", "Rembrandt"),
        ("Rembrandt van Rijn; and Studio", "workshop", "Rembrandt van Rijn"),
        ("George Frederic Watts and assistants", "workshop", "George Frederic Watts"),
        ("Circle of Hans Memling", "circle", "Hans Memling"),
        ("School of Granada", "circle", "Granada"),
        ("follower of Filippo Lippi", "follower", "Filippo Lippi"),
        ("manner of George Romney", "follower", "George Romney"),
        ("Style of An Gyeon", "follower", "An Gyeon"),
        ("after Sir Joshua Reynolds", "after", "Sir Joshua Reynolds"),
        ("Copy after Raphael", "copy", "Raphael"),
        ("Unidentified Artist", "unknown", None),
        ("unknown American", "unknown", None),
        ("Greek, Attic maker, name unknown", "unknown", None),
        ("Condorhuasi artist(s)", "unknown", None),
        ("Dogon artist", "unknown", None),
        ("British (?) School 19th century", "unknown", None),
        ("Tosa School", "unknown", None),
        ("American", "unknown", None),
        ("Anonymous", "unknown", None),
    ],
)
def test_kind_and_name(artist: str, kind: str, name: str | None) -> None:
    read = read_attribution(artist)
    assert (read.kind, read.name) == (kind, name)


@pytest.mark.parametrize(
    "artist",
    [
        "Henderson Ledger Artist A",
        "Master of the Legend of Saint Lucy",
        "Frederick Styles Agate",
        "Push Pin Studios",
        "Marie Antoinette, Queen of France",
    ],
)
def test_a_name_with_a_telling_word_is_a_name(artist: str) -> None:
    read = read_attribution(artist)
    assert (read.kind, read.name, read.joint) == ("certain", artist, False)


@pytest.mark.parametrize(
    "artist",
    [
        "Gilbert Stuart; John Trumbull",
        "Frederick Richard Lee, Thomas Sidney Cooper",
        "Bob and Roberta Smith",
        "unknown Florentine; Alessandro Allori",
    ],
)
def test_several_makers_are_joint(artist: str) -> None:
    assert read_attribution(artist).joint


@pytest.mark.parametrize(
    "artist",
    ["Carles, Arthur Beecher", "Frederic, Lord Leighton", "Sir John Everett Millais, Bt",
     "Robert Field; French"],
)  # fmt: skip
def test_one_maker_with_a_comma_is_not_joint(artist: str) -> None:
    assert not read_attribution(artist).joint


@pytest.mark.parametrize("artist", [None, "", "  "])
def test_a_missing_artist_is_unknown_and_nothing_is_said(artist: str | None) -> None:
    read = read_attribution(artist)
    assert (read.kind, read.wording) == ("unknown", None)
