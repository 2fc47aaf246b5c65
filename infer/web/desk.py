"""Where guides are written: one thread each, watched by any number of listeners, kept in the store.

    desk = Desk(session, options, guides, voices, metrics)
    live = desk.begin(wanted)      # joins the guide if it is being written already
    async with aclosing(live.follow()) as events: ...

The engine decides how many are written at once and how many wait. A guide whose listeners have all
gone is given up while it waits, and finished for the store once it has begun.
"""

from __future__ import annotations

import logging
import threading
import time
from concurrent.futures import Future
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from data.artwork import Artwork
from data.errors import ModelError
from data.prompt import Language, Request
from data.prompt_version import prompt_version
from infer.options import MAX_TOKENS, Options
from infer.web.live import Live
from infer.web.problems import BusyError, as_problem, content
from infer.web.shown import events, guide_shown, sentence_url

if TYPE_CHECKING:
    from infer.result import Telling
    from infer.session import ModelSession
    from infer.web.guides import Guides, Wanted
    from infer.web.metrics import Metrics
    from infer.web.speaking import Spoken, Voices
    from infer.web.tables import Guide

WITHOUT_ENGINE = 32
"""Guides that may be written at once where no engine of ours keeps a queue."""

_PROBE = Artwork(title="Untitled")

_log = logging.getLogger("guide.serve")


@dataclass(eq=False)
class _Writing:
    """One guide in the making."""

    key: tuple[Any, ...]
    live: Live
    telling: Telling
    wanted: Wanted
    spoken: Spoken | None
    background: bool
    given_up: bool = False


class Desk:
    """Everything that is being written in this process."""

    def __init__(
        self,
        session: ModelSession,
        options: Options,
        guides: Guides,
        voices: Voices,
        metrics: Metrics,
    ) -> None:
        self.session, self.guides, self.voices = session, guides, voices
        self._options, self._metrics = options, metrics
        self._prompt_hash = prompt_version()
        self._writing: dict[tuple[Any, ...], _Writing] = {}
        self._speaking: dict[str, Live] = {}
        self._lock = threading.Lock()
        self._closing = False

    @property
    def load(self) -> tuple[int, int]:
        """How many guides are being written, and how many wait for the engine."""
        engine_load = getattr(self.session.drawer, "load", None)
        if engine_load is not None:
            writing, waiting = engine_load
            return int(writing), int(waiting)
        return len(self._writing), 0

    def begin(self, wanted: Wanted, *, background: bool = False) -> Live:
        """Write a guide, or join it where it is being written already.

        Raises:
            BusyError: every slot and every place in the queue is taken.
            PromptTooLong: the record does not fit.
        """
        seed = self.guides.next_seed(wanted)
        key = (wanted.work_id, wanted.record_hash, wanted.request, seed)
        with self._lock:
            if self._closing:
                raise BusyError(5)
            if found := self._writing.get(key):
                found.background = found.background and background
                return found.live
            if self.session.drawer is None and len(self._writing) >= WITHOUT_ENGINE:
                raise BusyError(1)
            writing = self._start(key, wanted, seed, background)
            self._writing[key] = writing
        threading.Thread(target=self._run, args=(writing,), name="guide-writer").start()
        return writing.live

    def speak(self, guide: Guide) -> Live | None:
        """Have a stored guide spoken that has no sound yet; None where it cannot be."""
        artist = guide.artwork.get("artist") or ""
        with self._lock:
            if guide.id in self._speaking:
                return self._speaking[guide.id]
            spoken = self.voices.begin(guide.language, title=guide.artwork["title"], artist=artist)
            if spoken is None or self._closing:
                return None
            live = self._speaking[guide.id] = Live(guide.id)
        name, data = events(guide)[0]
        live.publish(name, data)
        threading.Thread(target=self._speak, args=(guide, spoken, live), name="guide-speak").start()
        return live

    def warm(self, language: Language) -> None:
        """Have the part of the prompt read that every guide of a language shares.

        Where guides are being written it waits: reading beside them would slow them down.
        """
        drawer = self.session.drawer
        if drawer is None:
            return
        prompt = self.session.prompt(_PROBE, Request(language))
        while not self._closing and any(self.load):
            time.sleep(0.2)
        if self._closing or drawer.is_ready_for(prompt):
            return
        with drawer.submit(prompt, self._options.sampling, 1) as request:
            for _ in request:
                pass

    def leave(self, live: Live) -> None:
        """A listener has gone: what nobody waits for any more, and has not begun, is given up."""
        with self._lock:
            for writing in self._writing.values():
                if writing.live is not live or writing.background or live.followers:
                    continue
                if not writing.telling.begun:
                    writing.given_up = True
                    writing.telling.cancel()

    def close(self) -> None:
        """Give up everything."""
        with self._lock:
            self._closing = True
            for writing in self._writing.values():
                writing.given_up = True
                writing.telling.cancel()
        deadline = time.monotonic() + 5
        while self._writing and time.monotonic() < deadline:
            time.sleep(0.02)

    def _start(self, key: tuple[Any, ...], wanted: Wanted, seed: int, background: bool) -> _Writing:
        request, artwork = wanted.request, wanted.artwork
        options = replace(
            self._options, request=request, max_tokens=MAX_TOKENS[request.length]
        ).with_seed(seed)
        telling = self.session.start(artwork, options)
        try:
            guide_id = self.guides.begin(
                wanted, seed=seed, model=self.session.name, prompt_hash=self._prompt_hash
            )
        except BaseException:
            telling.cancel()
            raise
        spoken = self.voices.begin(
            request.language, title=artwork.title, artist=artwork.artist or ""
        )
        live = Live(guide_id)
        live.publish("start", {"guide_id": guide_id, "stored": False, "model": self.session.name})
        return _Writing(key, live, telling, wanted, spoken, background)

    # In the guide's own thread

    def _run(self, writing: _Writing) -> None:
        guide_id = writing.live.guide_id
        started = time.perf_counter()
        try:
            futures = self._tell(writing, started)
            if writing.given_up:
                raise ModelError("This guide was given up.")
            result = writing.telling.result()
            self.guides.finish(guide_id, result)
            self._keep_sound(guide_id, writing.spoken, futures)
            self._metrics.wrote(writing.wanted.request, result, time.perf_counter() - started)
            guide = guide_shown(self.guides.find(guide_id))
            writing.live.publish("done", guide.model_dump(mode="json"))
        except Exception as error:
            self._failed(writing, error)
        finally:
            writing.telling.cancel()
            with self._lock:
                self._writing.pop(writing.key, None)

    def _speak(self, guide: Guide, spoken: Spoken, live: Live) -> None:
        try:
            futures = []
            for position, sentence in enumerate(guide.sentences):
                futures.append(self._say(spoken, guide.id, position, sentence.text))
                live.publish("sentence", _sentence(guide.id, position, sentence.text, heard=True))
            self._keep_sound(guide.id, spoken, futures)
            shown = guide_shown(self.guides.find(guide.id))
            live.publish("done", shown.model_dump(mode="json"))
        except Exception as error:
            found = as_problem(error)
            live.publish("error", content(found.status, found.detail))
        finally:
            with self._lock:
                self._speaking.pop(guide.id, None)

    def _say(self, spoken: Spoken, guide_id: str, position: int, text: str) -> Future[bytes]:
        future = spoken.say(text)
        future.add_done_callback(self._keeper(guide_id, position))
        return future

    def _tell(self, writing: _Writing, started: float) -> list[Future[bytes]]:
        """Sentence by sentence into the store, to the voice and to the listeners."""
        guide_id, futures = writing.live.guide_id, []
        for position, piece in enumerate(writing.telling):
            if writing.given_up:
                break
            text = piece.strip()
            if not position:
                self._metrics.first_sentence.observe(time.perf_counter() - started)
            self.guides.add_sentence(guide_id, position, text)
            if writing.spoken:
                futures.append(self._say(writing.spoken, guide_id, position, text))
            told = _sentence(guide_id, position, text, heard=writing.spoken is not None)
            writing.live.publish("sentence", told)
        return futures

    def _keeper(self, guide_id: str, position: int) -> Any:
        def keep(future: Future[bytes]) -> None:
            if future.cancelled():
                return
            if error := future.exception():
                _log.error("A sentence could not be spoken: %s", error)
                return
            self.guides.add_wav(guide_id, position, future.result())

        return keep

    def _keep_sound(
        self, guide_id: str, spoken: Spoken | None, futures: list[Future[bytes]]
    ) -> None:
        """Keep the whole sound; a guide that cannot be spoken is still a guide."""
        if spoken is None or any(future.exception() for future in futures):
            return
        try:
            times, files = spoken.finish().result()
            self.guides.keep_sound(guide_id, spoken.name, times, files)
        except Exception as error:
            _log.error("A guide could not be spoken.", exc_info=error)

    def _failed(self, writing: _Writing, error: Exception) -> None:
        try:
            self.guides.fail(writing.live.guide_id)
        except Exception as second:
            _log.error("A failed guide could not be marked.", exc_info=second)
        if writing.given_up:
            told = content(503, "This guide was given up; ask for it again.")
        else:
            found = as_problem(error)
            told = content(found.status, found.detail)
            self._metrics.failed.inc()
        writing.live.publish("error", told)


def _sentence(guide_id: str, position: int, text: str, *, heard: bool) -> dict[str, Any]:
    """The event of one sentence."""
    audio = sentence_url(guide_id, position) if heard else None
    return {"index": position, "text": text, "audio": audio}
