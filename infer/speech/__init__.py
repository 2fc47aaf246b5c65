"""The voice of a guide: speakable text, sound at an even level, files, captions, playback.

    voice = open_voice("en", console)
    recording = Recording(voice.sample_rate)
    for sentence in sentences:
        recording.add(sentence, voice.speak(sentence))
    sound = normalise(recording.samples(), voice.sample_rate)
    encode(sound, voice.sample_rate, "mp3", title="Bull III", artist="Le Corbusier")
    webvtt(recording.captions())

Needs the extra `speech`; importing this package does not.
"""

from infer.speech.encode import FORMATS, MEDIA_TYPES, Format, encode
from infer.speech.loudness import Loudness, loudness, normalise
from infer.speech.recording import Caption, Recording, webvtt
from infer.speech.speakable import speakable
from infer.speech.voice import Voice, open_voice, spoken_languages

__all__ = [
    "FORMATS",
    "MEDIA_TYPES",
    "Caption",
    "Format",
    "Loudness",
    "Recording",
    "Voice",
    "encode",
    "loudness",
    "normalise",
    "open_voice",
    "speakable",
    "spoken_languages",
    "webvtt",
]
