"""Piper, the first engine: VITS voices in ONNX, phonemes from espeak-ng.

    engine = PiperEngine("en_US-joe-medium", get_voice("en_US-joe-medium"))
    engine.synthesize("Look closely.")

piper-tts is under GPL-3.0-or-later and therefore an extra; nothing else of the project needs it.
https://github.com/OHF-Voice/piper1-gpl
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import onnxruntime
from piper import PiperVoice, SynthesisConfig
from piper.config import PiperConfig

from data.errors import SpeechError

if TYPE_CHECKING:
    from pathlib import Path

    from infer.speech.loudness import Samples
    from models.voices import VoiceEntry


class PiperEngine:
    """One Piper voice."""

    def __init__(self, name: str, voice: VoiceEntry) -> None:
        """Load the voice.

        Raises:
            SpeechError: its files cannot be read.
        """
        try:
            self._voice = _load(voice.path("model"), voice.path("config"))
        except Exception as error:  # onnxruntime's own errors have no common base
            reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error)
            raise SpeechError(
                f"The voice {name} cannot be read ({reason}); remove it with: guide models remove "
                f"{name}, and fetch it again."
            ) from None
        # By default Piper puts each sentence's peak at full scale; we want the voice's own level.
        self._settings = SynthesisConfig(normalize_audio=False)

    @property
    def sample_rate(self) -> int:
        """Samples a second."""
        return int(self._voice.config.sample_rate)

    def synthesize(self, text: str) -> Samples:
        """The sound of a text, mono, float32."""
        import numpy as np

        chunks = self._voice.synthesize(text, self._settings)
        pieces = [chunk.audio_float_array for chunk in chunks]
        return np.concatenate(pieces) if pieces else np.zeros(0, dtype=np.float32)


def _load(model: Path, config: Path) -> PiperVoice:
    options = onnxruntime.SessionOptions()
    # Threads that wait by spinning would take the time of the model that writes the guide.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = 3  # errors; a warning means nothing to a listener
    session = onnxruntime.InferenceSession(
        str(model), sess_options=options, providers=["CPUExecutionProvider"]
    )
    settings = json.loads(config.read_text(encoding="utf-8"))
    return PiperVoice(session=session, config=PiperConfig.from_dict(settings))
