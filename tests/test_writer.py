"""The verified writer: what is false is never heard, what is required is always said."""

from collections import deque

import pytest

from data.artwork import Artwork
from data.facts import check
from data.prompt import WORDS, Request, build_prompt
from infer.engine import Engine
from infer.judge import Judge, count_words
from infer.options import Sampling
from infer.writer import REDRAWS, TRIES, GuideWriter
from models.llama import LlamaModel
from tests.conftest import VERMEER

ARTWORK = Artwork(**VERMEER)

TRUE = [
    "The title of this painting is Girl with a Pearl Earring.",
    "Johannes Vermeer painted it around 1665, in oil on canvas.",
    "It is about 44 centimetres high and 39 centimetres wide.",
    "Oil paint dries slowly, so it can be worked on for days.",
    "Look at the earring first, and then at the face.",
    "Before you go on, look once more at the whole.",
]
FALSE = "Vermeer was born in Cornwall in 1702."


class Script:
    """A source whose draws are written down: the first text, then one for each rewind."""

    def __init__(self, *draws, finish="stop"):
        self.finish = finish
        self.rewinds = []
        self._draws = deque(draws)
        self._text = ""
        self._coming = self._draws.popleft()

    def __iter__(self):
        for word in self._coming.split(" "):
            piece = f" {word}" if self._text else word
            self._text += piece
            yield piece
        self._coming = ""

    def rewind(self, length, *, seed, forced=""):
        self.rewinds.append((length, seed, forced))
        self._text = self._text[:length]
        drawn = self._draws.popleft() if self._draws else ""
        self._coming = f"{forced.strip()} {drawn}".strip() if forced else drawn


def write(source, artwork=ARTWORK, request=None, seed=1):
    writer = GuideWriter(artwork, request or Request(), seed)
    return list(writer.write(source)), writer.outcome


def test_good_guide_is_said_as_it_was_drawn():
    said, outcome = write(Script(" ".join(TRUE)))
    assert said == TRUE
    assert (outcome.redraws, outcome.dropped, outcome.plain) == (0, [], [])
    assert outcome.report.clean


def test_sentences_come_before_the_guide_is_drawn_to_its_end():
    source = Script(" ".join(TRUE))
    sentences = GuideWriter(ARTWORK, Request(), 1).write(source)
    assert next(sentences) == TRUE[0]
    assert TRUE[2] not in source._text


def test_plain_opening_is_said_before_the_model_has_read_the_record():
    writer = GuideWriter(ARTWORK, Request(), 1, opens=True)
    source = Script(f"{writer.opening} {' '.join(TRUE[1:])}")
    sentences = writer.write(source)
    assert next(sentences) == writer.opening
    assert "Girl with a Pearl Earring" in writer.opening
    assert "Vermeer" in writer.opening
    assert source._text == ""
    assert list(sentences) == TRUE[1:]
    assert writer.outcome.plain == [0]


@pytest.mark.parametrize("language", ["en", "fr", "de", "es", "it"])
def test_opening_of_a_hedged_attribution_names_nobody_as_the_maker(language):
    artwork = Artwork(title="Head", artist="attributed to Auguste Rodin", form="sculpture")
    for seed in range(6):
        opening = GuideWriter(artwork, Request(language), seed, opens=True).opening
        assert "Head" in opening
        assert "Rodin" not in opening


def test_false_sentence_is_drawn_again_and_never_heard():
    rest = " ".join(TRUE[1:])
    source = Script(f"{TRUE[0]} {FALSE} {rest}", rest)
    said, outcome = write(source)
    assert said == TRUE
    assert outcome.redraws == 1
    assert source.rewinds[0][0] == len(TRUE[0])


def test_each_redraw_has_a_seed_of_its_own():
    rest = " ".join(TRUE[1:])
    wrong = f"{FALSE} {rest}"
    source = Script(f"{TRUE[0]} {wrong}", wrong, wrong, rest)
    write(source)
    seeds = [seed for _, seed, _ in source.rewinds]
    assert len(set(seeds)) == len(seeds) == 3
    again = Script(f"{TRUE[0]} {wrong}", wrong, wrong, rest)
    write(again)
    assert again.rewinds == source.rewinds


def test_sentence_that_stays_false_is_dropped_and_told():
    wrong = f"{FALSE} And on."
    source = Script(*([wrong] * (TRIES + 1)), " ".join(TRUE))
    said, outcome = write(source)
    assert outcome.redraws >= TRIES
    assert outcome.dropped[0].sentence == FALSE
    assert "born" in outcome.dropped[0].reason
    assert all("Cornwall" not in sentence for sentence in said)


def test_what_a_guide_may_not_leave_out_is_said_plainly():
    said, outcome = write(Script("Look at the earring first. Then look at the face."))
    text = " ".join(said)
    for wanted in ("Girl with a Pearl Earring", "Vermeer", "1665", "oil on canvas"):
        assert wanted in text
    assert {outcome.sentences[i] for i in outcome.plain} <= set(said)


def test_what_is_missing_near_the_end_is_asked_of_the_model():
    without_date = [TRUE[0], "Johannes Vermeer painted it in oil on canvas.", *TRUE[2:4]]
    source = Script(
        " ".join([*without_date, "Look at the face."]), "around 1665. Look at the face."
    )
    said, _ = write(source)
    forced = [text for _, _, text in source.rewinds if text]
    assert forced
    assert any(forced[0].strip() in sentence and "1665" in sentence for sentence in said)


def test_sentence_that_was_cut_off_is_not_said():
    said, outcome = write(Script(" ".join([*TRUE[:5], "Then go on to the"]), finish="length"))
    assert said[:5] == TRUE[:5]
    assert outcome.dropped[-1].sentence == "Then go on to the"
    assert said[-1].endswith(".")


def test_second_saying_of_the_same_is_drawn_again():
    source = Script(f"{TRUE[0]} {TRUE[0]} {TRUE[1]}", " ".join(TRUE[1:]))
    said, outcome = write(source)
    assert said == TRUE
    assert outcome.redraws == 1


def test_line_break_is_no_sentence():
    source = Script(
        f"{TRUE[0]}\nTitle: Girl\nArtist: Johannes Vermeer. {TRUE[1]}", " ".join(TRUE[1:])
    )
    said, _ = write(source)
    assert all("\n" not in sentence for sentence in said)


def test_guide_ends_within_its_length():
    endless = " ".join(
        f"Look at the {part} of it, and stay there for {n} seconds before you look elsewhere."
        for n, part in enumerate(["top", "left", "right", "middle", "bottom", "edge"], 2)
    )
    said, _ = write(Script(" ".join(TRUE) + " " + endless))
    assert count_words(" ".join(said)) <= WORDS["brief"][1]


def test_short_guide_is_filled_up_to_its_length():
    said, outcome = write(Script(" ".join(TRUE[:2])), request=Request(length="full"))
    assert WORDS["full"][0] <= count_words(" ".join(said)) <= WORDS["full"][1]
    assert outcome.plain
    assert check(" ".join(said), ARTWORK, length="full").findings == ()


def test_source_that_draws_nothing_good_ends_in_bounds():
    said, outcome = write(Script(*([f"{FALSE} More."] * 200)))
    assert outcome.redraws <= REDRAWS
    assert check(" ".join(said), ARTWORK, length="brief").clean
    assert count_words(" ".join(said)) >= WORDS["brief"][0]


def test_source_that_draws_nothing_at_all_still_gives_a_guide():
    said, _ = write(Script(""))
    report = check(" ".join(said), ARTWORK, length="brief")
    assert report.clean
    assert report.findings == ()


@pytest.mark.parametrize("seed", [1, 2])
def test_guide_of_a_real_model_passes_the_check_as_a_whole(tiny, seed):
    request = Request()
    with LlamaModel(tiny) as model, Engine(model, slots=1, context=1024) as engine:
        prompt = build_prompt(ARTWORK, request, model.chat_template())
        with engine.submit(prompt, Sampling(seed=seed), 200) as source:
            said, outcome = write(source, seed=seed)
    report = Judge(ARTWORK, request).report(" ".join(said))
    assert report.clean
    assert report.findings == ()
    assert outcome.text == " ".join(said)
    assert outcome.time_to_first_sentence <= outcome.seconds
