"""The voice: how much faster than real time, and how soon after the click one hears something.

python -m bench.speech --model small --repeat 5
python -m bench.speech --voice kokoro-alpha --sentences 5 --repeat 0

Sentences of the corpus are spoken one by one; then guides are written by a model that is already
loaded, as in `guide serve`, by turns with and without the voice beside it. The moment of the first
sound is when the first sentence's samples are ready to be played.
"""

from __future__ import annotations

import json
import math
import resource
import time
from pathlib import Path

import click
from rich.console import Console

from bench.common import machine, summary
from data.artwork import Artwork
from data.prompt import Request
from data.records import read_records
from infer.options import MAX_TOKENS, Options, Sampling
from infer.session import ModelSession, open_session
from infer.speech import Voice, open_voice
from infer.speech.aloud import Speaker
from infer.speech.narration import sentences_of
from infer.speech.speakable import speakable

ROOT = Path(__file__).parents[1]
EXAMPLE = ROOT / "data" / "examples" / "girl-with-a-pearl-earring.json"


@click.command()
@click.option("--model", default="small", show_default=True, help="Name or path.")
@click.option("--voice", "name", default="", help="A voice of the catalog, else the language's.")
@click.option("--language", default="en", show_default=True)
@click.option("--sentences", default=40, show_default=True, help="Of the corpus, spoken alone.")
@click.option("--repeat", default=5, show_default=True, help="Guides with and without the voice.")
def main(model: str, name: str, language: str, sentences: int, repeat: int) -> None:
    """Measure the voice alone, then beside a model."""
    console = Console(stderr=True)
    start = time.perf_counter()
    voice = open_voice(language, console, name)
    opened = time.perf_counter() - start
    print(machine())
    gain = 20 * math.log10(voice.loudness.gain)
    print(f"voice {voice.name}, opened in {opened:.2f} s, {gain:+.1f} dB to -16 LUFS")
    _alone(voice, language, sentences)
    if repeat:
        _beside(voice, language, model, repeat, console)
    print(
        f"most memory         {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MiB"
    )


def _alone(voice: Voice, language: str, wanted: int) -> None:
    lines = (ROOT / "data" / "corpus" / "guides.jsonl").read_text(encoding="utf-8").splitlines()
    rows = [row for row in map(json.loads, lines) if row["language"] == language]
    texts = [row["script"] for row in rows[:: max(1, len(rows) // wanted)]]
    chosen = [next(sentences_of([text], language)) for text in texts][:wanted]
    start = time.perf_counter()
    for sentence in chosen:
        speakable(sentence, language)
    text_seconds = (time.perf_counter() - start) / len(chosen)
    factors, seconds = [], []
    for sentence in chosen:
        start = time.perf_counter()
        samples = voice.speak(sentence)
        seconds.append(time.perf_counter() - start)
        factors.append(len(samples) / voice.sample_rate / seconds[-1])
    print(f"speakable text      {text_seconds * 1000:.2f} ms a sentence")
    print(f"a sentence          {summary(seconds, 's')}")
    print(f"faster than heard   {summary(factors, 'times', 1)}")


def _beside(voice: Voice, language: str, model: str, repeat: int, console: Console) -> None:
    """Guides of a loaded model, by turns silent and spoken, with the same seeds."""
    artwork = next(iter(read_records(EXAMPLE))).artwork
    request = Request(language, "brief")  # type: ignore[arg-type]
    options = Options(request, model, Sampling(), MAX_TOKENS["brief"])
    written, spoken, sounds, silent, aloud = [], [], [], [], []
    with open_session(options, console) as session:
        _guide(session, artwork, options, None)  # reads the examples, once
        for seed in range(1, repeat + 1):
            chosen = options.with_seed(seed)
            silent.append(_guide(session, artwork, chosen, None)[1])
            with Speaker(lambda: voice) as speaker:
                first, whole, sound = _guide(session, artwork, chosen, speaker)
                aloud.append(whole)
                written.append(first)
                sounds.append(sound)
                spoken.append(speaker.finish().duration)
    slower = [a / s for a, s in zip(aloud, silent, strict=True)]
    print(f"model {model}, loaded, brief, {language}")
    print(f"first sentence      {summary(written, 's')}")
    print(f"first sound         {summary(sounds, 's')}")
    print(f"guide written       {summary(aloud, 's')} for {summary(spoken, 's of sound', 1)}")
    print(f"slower by the voice {summary(slower, 'times')}")


def _guide(
    session: ModelSession, artwork: Artwork, options: Options, speaker: Speaker | None
) -> tuple[float, float, float]:
    """Seconds to the first sentence, to the last, and to the first sound, from the request on."""
    start = time.perf_counter()
    first = 0.0
    for piece in session.start(artwork, options):
        first = first or time.perf_counter() - start
        if speaker is not None:
            speaker.say(piece)
    whole = time.perf_counter() - start
    if speaker is None:
        return first, whole, 0.0
    speaker.finish()
    assert speaker.first_ready_at is not None
    return first, whole, speaker.first_ready_at - start


if __name__ == "__main__":
    main()
