"""The voice: sound checked as sound, its level, its files and tags, and its captions."""

import io
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console

from data.errors import DownloadError, SpeechError
from infer.speech import (
    FORMATS,
    Caption,
    Recording,
    encode,
    loudness,
    normalise,
    open_voice,
    spoken_languages,
    webvtt,
)
from infer.speech.loudness import CEILING, limit
from infer.speech.voice import PAUSE, breaths
from tests.speech_setting import JOE, link_voice, read_sound

CONSOLE = Console(file=io.StringIO())
SENTENCE = "Girl with a Pearl Earring was painted by Johannes Vermeer around 1665."
RATE = 22_050


@pytest.fixture(scope="module")
def voice(tiny, tmp_path_factory):
    """The English voice, loaded once."""
    folder = tmp_path_factory.mktemp("voices")
    with pytest.MonkeyPatch.context() as patch:
        link_voice(JOE, folder, patch)
        patch.setenv("GUIDE_MODELS", str(folder))
        return open_voice("en", CONSOLE)


@pytest.fixture(scope="module")
def spoken(voice):
    return voice.speak(SENTENCE)


def noise(seconds: float, level: float = 0.1) -> np.ndarray:
    """Noise in bursts, as loud and as quiet by turns as speech is."""
    samples = np.random.default_rng(7).normal(0, level, int(seconds * RATE))
    return (samples * (1.2 + np.sin(np.arange(len(samples)) / 2000))).astype(np.float32)


def test_sentence_is_spoken_in_about_the_time_that_a_reader_takes(voice, spoken):
    # 17 words with the year's; people read aloud at 100 to 250 words a minute.
    assert spoken.dtype == np.float32
    assert 17 / 250 * 60 < len(spoken) / voice.sample_rate - PAUSE < 17 / 100 * 60


def test_sentence_begins_at_once_and_ends_with_a_pause(voice, spoken):
    pause = int(PAUSE * voice.sample_rate)
    assert not spoken[-pause:].any()
    assert np.abs(spoken[: voice.sample_rate // 5]).max() > 0.05


def test_sentences_one_by_one_are_as_loud_as_a_file_has_to_be(voice, spoken):
    recording = Recording(voice.sample_rate)
    for sentence in (SENTENCE, "Look at the pearl.", "It is about 44 centimetres high."):
        recording.add(sentence, voice.speak(sentence))
    assert loudness(recording.samples(), voice.sample_rate) == pytest.approx(-16, abs=1)
    assert np.abs(recording.samples()).max() <= CEILING


def test_words_are_heard_not_digits(voice):
    year, words = voice.speak("It was 1665."), voice.speak("It was sixteen sixty-five.")
    assert len(year) == pytest.approx(len(words), rel=0.15)


def test_nothing_to_say_is_a_pause(voice):
    assert not voice.speak("…").any()
    assert len(voice.speak("")) == int(PAUSE * voice.sample_rate)


def test_text_without_an_end_is_spoken_in_parts():
    text = " ".join(f"word{n}" for n in range(500))
    assert " ".join(breaths(text)) == text
    assert max(map(len, breaths(text))) <= 400
    assert breaths("A sentence as guides have them.") == ["A sentence as guides have them."]


def test_every_language_of_the_guides_has_a_voice_in_the_catalog():
    from data.prompt import LANGUAGES
    from models.voices import load_voices

    assert {voice.language for voice in load_voices().values()} == set(LANGUAGES)


def test_voices_name_size_hash_source_and_licence():
    from models.voices import load_voices

    for name, voice in load_voices().items():
        assert voice.licence, name
        for file in voice.files.values():
            assert file.size, name
            assert file.sha256, name
            assert file.sources, name


def test_language_without_a_voice_is_told_what_there_is(models_folder):
    with pytest.raises(SpeechError, match=r"'nl' has no voice \(there are voices for de, en, es"):
        open_voice("nl", CONSOLE)


def test_unknown_voice_gets_the_nearest():
    with pytest.raises(SpeechError, match="no voice called 'en_US-jo-medium'; did you mean 'en_US"):
        open_voice("en", CONSOLE, "en_US-jo-medium")


def test_voice_of_another_language_is_refused():
    with pytest.raises(SpeechError, match="fr_FR-siwis-medium speaks 'fr', not 'en'"):
        open_voice("en", CONSOLE, "fr_FR-siwis-medium")


def test_voice_that_cannot_be_fetched_is_one_sentence(monkeypatch):
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    with pytest.raises(DownloadError, match=r"fr_FR-siwis-medium could not be fetched \(the model"):
        open_voice("fr", CONSOLE)


def test_damaged_voice_says_how_to_fetch_it_again(models_folder, monkeypatch, tmp_path):
    monkeypatch.setenv("GUIDE_MODELS", str(tmp_path))
    (tmp_path / "voices").mkdir()
    (tmp_path / "voices" / "v.onnx").write_bytes(b"no model")
    (tmp_path / "voices" / "v.json").write_text("{}")
    (tmp_path / "voices-local.toml").write_text(
        '[mine]\nlanguage = "en"\nengine = "piper"\n'
        '[mine.files.model]\nfile = "voices/v.onnx"\n[mine.files.config]\nfile = "voices/v.json"\n'
    )
    with pytest.raises(SpeechError, match=r"mine cannot be read .*guide models remove mine"):
        open_voice("en", CONSOLE, "mine")


def test_entry_without_its_files_is_named(monkeypatch, tmp_path):
    from data.errors import ModelError

    monkeypatch.setenv("GUIDE_MODELS", str(tmp_path))
    (tmp_path / "voices-local.toml").write_text(
        '[mine]\nlanguage = "en"\nengine = "piper"\n[mine.files.model]\nfile = "voices/v.onnx"\n'
    )
    with pytest.raises(ModelError, match="a piper voice has the files config and model"):
        open_voice("en", CONSOLE)


def test_languages_that_can_be_spoken_are_those_whose_voice_is_here(models_folder, monkeypatch):
    monkeypatch.setenv("GUIDE_MODELS", str(models_folder / "empty"))
    assert spoken_languages() == []


@pytest.mark.parametrize("level", [0.001, 0.02, 0.3, 2.0])
def test_whole_file_is_brought_to_minus_sixteen_whatever_its_level(level):
    sound = normalise(noise(4, level), RATE)
    assert loudness(sound, RATE) == pytest.approx(-16, abs=0.1)
    assert np.abs(sound).max() <= CEILING


def test_silence_stays_silence():
    assert not normalise(np.zeros(RATE, dtype=np.float32), RATE).any()
    assert len(normalise(np.zeros(0, dtype=np.float32), RATE)) == 0


@given(st.integers(0, 2000), st.floats(0.01, 50))
@settings(max_examples=60, deadline=None)
def test_limiter_keeps_every_peak_below_the_ceiling(length, level):
    samples = np.random.default_rng(length).normal(0, level, length).astype(np.float32)
    limited = limit(samples, RATE)
    assert len(limited) == length
    assert not length or np.abs(limited).max() <= CEILING + 1e-6


def test_limiter_leaves_alone_what_has_no_peaks():
    quiet = noise(0.5, 0.01)
    assert np.array_equal(limit(quiet, RATE), quiet)


@pytest.mark.parametrize("name", FORMATS)
def test_file_holds_the_sound_and_its_tags(spoken, name):
    data = encode(spoken, RATE, name, title="Bull III <é>", artist="Le Corbusier")
    sound = read_sound(data)
    assert sound.seconds == pytest.approx(len(spoken) / RATE, abs=0.1)
    assert sound.loudness == pytest.approx(loudness(spoken, RATE), abs=0.7)
    assert sound.peak < 1
    assert sound.tags == {"title": "Bull III <é>", "artist": "Le Corbusier"}


def test_lossy_files_are_a_fraction_of_the_whole(spoken):
    sizes = {name: len(encode(spoken, RATE, name)) for name in FORMATS}
    assert sizes["opus"] < sizes["mp3"] < sizes["flac"] < sizes["wav"]
    assert sizes["mp3"] < sizes["wav"] / 5


def test_long_sound_can_be_encoded(spoken):
    minutes = np.tile(spoken, 40)
    assert read_sound(encode(minutes, RATE, "opus")).seconds > 120


def test_empty_sound_is_a_file_all_the_same():
    assert encode(np.zeros(0, dtype=np.float32), RATE, "wav")[:4] == b"RIFF"


def test_captions_follow_one_another_through_the_whole_sound():
    recording = Recording(RATE)
    for seconds, sentence in ((1.5, "One."), (0.25, "Two."), (2.0, "Three.")):
        recording.add(sentence, noise(seconds))
    captions = recording.captions()
    assert [c.text for c in captions] == ["One.", "Two.", "Three."]
    assert [(c.start, c.end) for c in captions] == [
        pytest.approx(pair, abs=1e-3) for pair in ((0, 1.5), (1.5, 1.75), (1.75, 3.75))
    ]
    assert len(recording.samples()) / RATE == pytest.approx(recording.duration)


def test_webvtt_is_what_players_read():
    text = webvtt(
        [Caption(0, 1.5, "The <b> & the title."), Caption(3599.9996, 3725.004, "Two\nlines.")]
    )
    assert text == (
        "WEBVTT\n\n"
        "1\n00:00:00.000 --> 00:00:01.500\nThe &lt;b&gt; &amp; the title.\n\n"
        "2\n01:00:00.000 --> 01:02:05.004\nTwo lines.\n"
    )


@given(st.lists(st.tuples(st.floats(0, 1e5), st.text()), max_size=5))
@settings(max_examples=50, deadline=None)
def test_no_text_can_break_a_caption_file(cues):
    lines = webvtt(Caption(start, start + 1, text) for start, text in cues).splitlines()
    assert sum("-->" in line for line in lines) == len(cues)
    times = [line for line in lines if "-->" in line]
    assert all(re.fullmatch(r"\d\d:\d\d:\d\d\.\d{3} --> \d\d:\d\d:\d\d\.\d{3}", t) for t in times)


def test_second_engine_speaks_behind_the_same_interface(models_folder, monkeypatch):
    pytest.importorskip("kokoro_onnx")
    link_voice("kokoro-alpha", models_folder, monkeypatch)
    voice = open_voice("en", CONSOLE, "kokoro-alpha")
    samples = voice.speak("Look at the pearl.")
    assert voice.sample_rate == 24_000
    assert 0.8 < len(samples) / voice.sample_rate < 4
    assert loudness(samples, voice.sample_rate) == pytest.approx(-16, abs=3)
