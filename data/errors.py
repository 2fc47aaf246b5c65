"""Errors a person can mend.

Every error the user can cause or cure derives from `GuideError`; its text is one sentence that
names what was wrong, where (file, line or field) and what to do next. `guide` prints that
sentence and exits with status 2; anything else that escapes is a bug.

    GuideError
    ├── RecordError      a museum record, or a file of them, cannot be used
    ├── ModelError       a model is unknown, absent, damaged or of the wrong kind
    │   └── DownloadError  a model could not be fetched from any of its sources
    ├── PromptTooLong    a record does not fit into the model's context
    ├── RecipeError      a training recipe is not valid, or asks for what cannot be
    ├── TrainingError    a training run had to stop
    ├── ExportError      an exported model misses a bound of its verification
    ├── SpeechError      a guide cannot be spoken: no voice, no sound device, an unknown format
    └── OutputError      a file cannot be written, or belongs to another run
"""

from __future__ import annotations


class GuideError(Exception):
    """Base of every error whose text is meant for the person at the keyboard."""

    exit_status = 2


class RecordError(GuideError):
    """A museum record, or a file of records, cannot be used."""


class ModelError(GuideError):
    """A model is unknown, absent, damaged or of the wrong kind."""


class DownloadError(ModelError):
    """A model could not be fetched from any of its sources."""


class PromptTooLong(GuideError):
    """A record does not fit into the model's context."""


class RecipeError(GuideError):
    """A training recipe is not valid, or asks for what cannot be."""


class TrainingError(GuideError):
    """A training run had to stop."""


class ExportError(GuideError):
    """An exported model is not as good as it must be; its files are kept to look at."""


class SpeechError(GuideError):
    """A guide cannot be spoken: no voice, no sound device, an unknown format."""


class OutputError(GuideError):
    """A file cannot be written, or belongs to another run."""
