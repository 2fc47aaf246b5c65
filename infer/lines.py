"""A guide as one line of a batch, whoever writes it: the local batch or a worker of many.

line = tell_one(session, artwork, options)
"""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from data.artwork import Artwork

if TYPE_CHECKING:
    from infer.options import Options
    from infer.session import ModelSession


def tell_one(session: ModelSession, artwork: Artwork, options: Options) -> dict[str, Any]:
    """Write one guide to its end.

    Raises:
        PromptTooLong: the record does not fit.
        ModelError: the model failed.
    """
    telling = session.start(artwork, options)
    try:
        for _ in telling:
            pass
    finally:
        telling.cancel()
    return telling.result() | {"options": option_fields(options)}


def option_fields(options: Options) -> dict[str, Any]:
    """What must be the same for two lines to belong into one file."""
    return {
        **asdict(options.request),
        "model": options.model,
        **asdict(options.sampling),
        "max_tokens": options.max_tokens,
        "draft": options.draft,
        "opening": options.opening,
    }


def artwork_key(artwork: Artwork) -> str:
    """What says that two records are of the same work: all that they say."""
    return json.dumps(artwork.as_record(), sort_keys=True, ensure_ascii=False)
