"""From tokens to text and back: the end marker, characters over token borders, going back."""

from hypothesis import given
from hypothesis import strategies as st

from data.prompt import END
from infer.transcript import StopText, Transcript


@given(st.text(), st.text(), st.integers(1, 4))
def test_marker_is_found_across_any_token_borders(before, after, step):
    raw = f"{before}{END}{after}".encode()
    text = StopText(END)
    shown = ""
    for start in range(0, len(raw), step):
        shown += text.add(raw[start : start + step])
        if text.stopped:
            break
    assert text.stopped
    assert shown + text.rest() == before.partition(END)[0].strip()


@given(st.text().filter(lambda t: END not in t), st.integers(1, 4))
def test_text_without_a_marker_is_shown_whole(whole, step):
    raw = whole.encode()
    text = StopText(END)
    shown = "".join(text.add(raw[start : start + step]) for start in range(0, len(raw), step))
    assert shown + text.rest() == whole.strip()


def tokens_of(text, step):
    raw = text.encode()
    return [raw[start : start + step] for start in range(0, len(raw), step)]


@given(
    st.text(min_size=1).filter(lambda t: "<" not in t and t.strip()),
    st.integers(1, 5),
    st.data(),
)
def test_going_back_and_adding_the_rest_again_gives_the_same_text(whole, step, data):
    pieces = tokens_of(whole, step)
    transcript = Transcript(END)
    shown = "".join(transcript.add(n, piece) for n, piece in enumerate(pieces))
    length = data.draw(st.integers(0, len(shown)))
    kept, again = transcript.cut(length)
    assert transcript.tokens == list(range(kept))
    known = b"".join(pieces[:kept]).decode()
    rest = whole[len(known) + len(again) :]
    again_shown = "".join(
        transcript.add(99, piece) for piece in tokens_of(again, 3) + tokens_of(rest, 3)
    )
    assert shown[:length] + again_shown + transcript.rest() == whole.strip()


def test_going_back_keeps_the_tokens_that_end_before():
    transcript = Transcript(END)
    for token, piece in enumerate([b"One.", b" Two", b" three", b"."]):
        transcript.add(token, piece)
    assert transcript.cut(4) == (1, "")
    assert transcript.add(7, b" Four") == " Four"


def test_half_a_token_has_to_be_added_again():
    transcript = Transcript(END)
    for token, piece in enumerate([b"One", b". Two"]):
        transcript.add(token, piece)
    assert transcript.cut(4) == (1, ".")
