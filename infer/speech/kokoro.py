"""Kokoro, the second engine: an 82-million-parameter StyleTTS 2 model, one vector a speaker.

    engine = KokoroEngine("kokoro-heart", get_voice("kokoro-heart"))

Slower than Piper and more expressive; needs the extra `kokoro`. All speakers share one model.
https://github.com/thewh1teagle/kokoro-onnx
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kokoro_onnx import Kokoro
from kokoro_onnx.config import SAMPLE_RATE

from data.errors import SpeechError

if TYPE_CHECKING:
    from infer.speech.loudness import Samples
    from models.voices import VoiceEntry

_LANGUAGES = {"en": "en-us", "fr": "fr-fr", "de": "de", "es": "es", "it": "it"}
"""What espeak-ng, which finds the phonemes, calls the languages."""
_WIDTH = 256  # of a style vector; a style file holds one for each count of phonemes


class KokoroEngine:
    """One speaker of Kokoro."""

    sample_rate: int = SAMPLE_RATE

    def __init__(self, name: str, voice: VoiceEntry) -> None:
        """Load model and style.

        Raises:
            SpeechError: a file cannot be read, or the style file lacks the speaker.
        """
        self._language = _LANGUAGES.get(voice.language, voice.language)
        try:
            self._style = _read_style(voice.path("style"), voice.style)
            self._kokoro = _load(voice.path("model"), self._style)
        except Exception as error:  # onnxruntime's own errors have no common base
            reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error)
            raise SpeechError(
                f"The voice {name} cannot be read ({reason}); remove it with: guide models remove "
                f"{name}, and fetch it again."
            ) from None

    def synthesize(self, text: str) -> Samples:
        """The sound of a text, mono, float32."""
        import numpy as np

        try:
            samples, _ = self._kokoro.create(text, voice=self._style, lang=self._language)
        except ValueError:  # nothing in it that the model has phonemes for
            return np.zeros(0, dtype=np.float32)
        return np.asarray(samples, dtype=np.float32).ravel()


def _read_style(path: Path, speaker: str) -> Any:
    """The vectors of one speaker: of an archive of several, or a file of bare float32."""
    import numpy as np

    if path.suffix == ".bin":
        return np.fromfile(path, dtype=np.float32).reshape(-1, 1, _WIDTH)
    with np.load(path) as speakers:
        if speaker not in speakers:
            raise ValueError(f"its style file knows {', '.join(speakers)}, not {speaker!r}")
        return speakers[speaker]


def _load(model: Path, style: Any) -> Kokoro:
    """The library wants an archive of styles, whatever style it is then asked for."""
    import numpy as np

    with tempfile.TemporaryDirectory(prefix="guide-voice-") as folder:
        archive = Path(folder) / "styles.npy"
        np.save(archive, style)
        return Kokoro(str(model), str(archive))
