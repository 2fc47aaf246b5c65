"""What is measured of one guide, and the table of all metrics with their sources.

    from evaluate.metrics import measure
    measured = measure("small", task, guide, made)
    measured.values["true"], measured.unsupported

`docs/EVALUATION.md` explains the metrics. A value is None where it cannot be had: chrF without a
reference, seconds of a guide that a person wrote.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import asdict, dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Literal

from data.artwork import Artwork
from data.dataset.statistics import words as count_words
from data.derive import derived_lines
from data.facts import Report, check
from data.facts.text import fold, sentences
from data.prompt import WORDS
from evaluate.completeness import FIELDS, completeness, said_fields
from evaluate.parent import parent
from evaluate.works import Task

if TYPE_CHECKING:
    from sacrebleu.metrics.chrf import CHRF

WORDS_A_MINUTE = 150
"""The pace of a calm speaker, as audio producers plan with."""

_WORD = re.compile(r"[^\W_]+")
_ENDED = re.compile(r"[.!?…][\"'’”»)\]]*$")


@dataclass(frozen=True, slots=True)
class Metric:
    """One number a guide has: what it is called, which way is better, how it is averaged."""

    key: str
    label: str
    better: Literal["higher", "lower", ""]
    mean: Literal["share", "mean", "geometric"]
    digits: int
    note: str


METRICS = (
    Metric("true", "true", "higher", "share", 0,
           "guides in which the fact check finds no unsupported claim"),
    Metric("unsupported", "unsupported claims", "lower", "mean", 2, "a guide, by the fact check"),
    Metric("supported", "supported claims", "higher", "mean", 1, "a guide, by the fact check"),
    Metric("completeness", "completeness", "higher", "share", 0,
           "of title, artist, date, medium and size, as far as the record gives them"),
    *(Metric(name, f"says the {name}", "higher", "share", 0, "where the record gives it")
      for name in FIELDS),
    Metric("parent", "PARENT", "higher", "mean", 3,
           "against record and reference, Dhingra et al. 2019"),
    Metric("parent_precision", "PARENT precision", "higher", "mean", 3, "Dhingra et al. 2019"),
    Metric("parent_recall", "PARENT recall", "higher", "mean", 3, "Dhingra et al. 2019"),
    Metric("chrf", "chrF", "higher", "mean", 1,
           "chrF2 against the reference, Popović 2015 (sacrebleu)"),
    Metric("perplexity", "perplexity", "lower", "geometric", 2,
           "of the reference under the model, a token; comparable within one vocabulary"),
    Metric("bits", "bits a character", "lower", "mean", 3,
           "of the reference under the model; comparable between vocabularies"),
    Metric("words", "words", "", "mean", 0, "as spoken"),
    Metric("spoken", "seconds aloud", "", "mean", 0, f"at {WORDS_A_MINUTE} words a minute"),
    Metric("in_length", "of the length asked", "higher", "share", 0,
           "brief 50–85, full 105–155 words"),
    Metric("sentence_words", "words a sentence", "", "mean", 1, "under 20 is good for the ear"),
    Metric("reading_ease", "reading ease", "higher", "mean", 0,
           "Flesch 1948 and its versions for other languages (textstat); differs by language"),
    Metric("repetition", "repetition", "lower", "share", 1,
           "3-grams that came before in the same guide: seq-rep-3, Welleck et al. 2020"),
    Metric("worn", "worn words", "lower", "mean", 2, "a guide"),
    Metric("faults", "faults of speech", "lower", "mean", 2,
           "a guide: symbols, abbreviations, greetings, long or repeated sentences, worn words"),
    Metric("stops", "stops cleanly", "higher", "share", 0,
           "ended by itself, with a whole sentence"),
    Metric("redraws", "sentences redrawn", "lower", "mean", 1,
           "a guide, because the fact check had refused them"),
    Metric("plain", "plain sentences", "lower", "mean", 1,
           "a guide, put in by the writer where the model had nothing that holds"),
    Metric("seconds", "seconds to write", "lower", "mean", 1, "a guide, from request to last word"),
    Metric("first", "seconds to first", "lower", "mean", 1, "until the first text can be heard"),
    Metric("speed", "tokens a second", "higher", "mean", 1, "while writing"),
    Metric("memory", "memory, GB", "lower", "mean", 2, "the most that the writing process held"),
)  # fmt: skip

BY_KEY = {metric.key: metric for metric in METRICS}
_SPEECH = frozenset({"worn", "symbol", "abbreviation", "greeting", "sentence length", "repetition"})


@dataclass(frozen=True, slots=True)
class Unsupported:
    """A claim that the record does not support: where it stands, the words, kind and reason."""

    start: int
    end: int
    said: str
    kind: str
    reason: str


@dataclass(frozen=True, slots=True)
class Measured:
    """One guide of one variant with everything measured of it."""

    variant: str
    task: Task
    guide: str
    values: dict[str, float | None]
    unsupported: tuple[Unsupported, ...]

    def as_json(self) -> dict[str, Any]:
        """A line of `results.jsonl`."""
        asked = self.task.request
        return {
            "variant": self.variant,
            "id": self.task.id,
            **asdict(asked),
            "artwork": self.task.artwork.as_record(),
            "guide": self.guide,
            "reference": self.task.reference,
            "values": self.values,
            "unsupported": [asdict(claim) for claim in self.unsupported],
        }


def measure(variant: str, task: Task, guide: str, made: dict[str, Any]) -> Measured:
    """Everything that one guide can be asked by itself.

    `made` is what `guide batch` says of the writing; perplexity and memory are added by those who
    run the model.
    """
    asked = task.request
    report = check(guide, task.artwork, asked.language, length=asked.length)
    said = said_fields(guide, task.artwork, asked.language, report)
    values: dict[str, float | None] = {
        "true": float(report.clean),
        "unsupported": float(len(report.unsupported)),
        "supported": float(len(report.supported)),
        "completeness": completeness(said),
        **{name: None if value is None else float(value) for name, value in said.items()},
        **_against_reference(task, guide),
        **_speech(guide, task, report),
        "stops": _stops(guide, made.get("finish_reason")),
        "redraws": _number(made, "redraws"),
        "plain": float(len(made["plain"])) if isinstance(made.get("plain"), list) else None,
        "seconds": _number(made, "seconds"),
        "first": _number(made, "time_to_first_sentence", "time_to_first_token"),
        "speed": _number(made, "tokens_per_second"),
    }
    unsupported = tuple(
        Unsupported(c.start, c.end, guide[c.start : c.end], c.kind.value, c.reason)
        for c in report.unsupported
    )
    return Measured(variant, task, guide, values, unsupported)


def distinct(guides: list[str], order: int) -> float:
    """Distinct n-grams over all n-grams of a set of guides: Li et al., NAACL 2016 (distinct-n).

    It falls with the size of the set, so compare sets of the same works only.
    """
    counts: Counter[tuple[str, ...]] = Counter()
    for guide in guides:
        counts += _ngrams(_words(guide), order)
    return len(counts) / counts.total() if counts else 0.0


def openings(guides: list[str], length: int = 3) -> Counter[str]:
    """How often guides begin with the same words."""
    return Counter(" ".join(_words(guide)[:length]) for guide in guides)


def record_table(artwork: Artwork, language: str) -> list[tuple[str, list[str]]]:
    """The record as PARENT's table: what a guide may say, in the words it can say it with.

    The dimensions come as the derived lines say them, because nobody speaks `44.5 x 39 cm`.
    """
    fields = [
        ("title", artwork.title), ("artist", artwork.artist), ("bio", artwork.artist_bio),
        ("date", artwork.date), ("form", artwork.form.value), ("medium", artwork.medium),
        *(("subject", subject) for subject in artwork.subjects),
        *(("note", note) for note in artwork.notes),
        *(("derived", line) for line in derived_lines(artwork, language)),
    ]  # fmt: skip
    return [(name, words) for name, text in fields if text and (words := _words(text))]


def _against_reference(task: Task, guide: str) -> dict[str, float | None]:
    if not task.reference:
        return dict.fromkeys(("parent", "parent_precision", "parent_recall", "chrf"))
    table = record_table(task.artwork, task.request.language)
    score = parent(_words(guide), _words(task.reference), table)
    return {
        "parent": score.f1,
        "parent_precision": score.precision,
        "parent_recall": score.recall,
        "chrf": _chrf().sentence_score(guide, [task.reference]).score,
    }


def _speech(guide: str, task: Task, report: Report) -> dict[str, float | None]:
    found = Counter(finding.kind for finding in report.findings)
    spoken = count_words(guide)
    fewest, most = WORDS[task.request.length]
    trigrams = _ngrams(_words(guide), 3)
    total = trigrams.total()
    return {
        "words": float(spoken),
        "spoken": spoken / WORDS_A_MINUTE * 60,
        "in_length": float(fewest <= spoken <= most),
        "sentence_words": spoken / max(1, sum(1 for _ in sentences(guide))),
        "reading_ease": _reading_ease(guide, task.request.language),
        "repetition": 1 - len(trigrams) / total if total else 0.0,
        "worn": float(found["worn"]),
        "faults": float(sum(count for kind, count in found.items() if kind in _SPEECH)),
    }


def _stops(guide: str, finish: object) -> float:
    """A guide without a word on how it ended was written by a person, who ended it."""
    return float(bool(_ENDED.search(guide.rstrip())) and finish in (None, "stop"))


def _reading_ease(guide: str, language: str) -> float | None:
    import textstat  # type: ignore[import-untyped]

    if not _words(guide):
        return None
    textstat.set_lang(language)
    return float(textstat.flesch_reading_ease(guide))


@cache
def _chrf() -> CHRF:
    from sacrebleu.metrics.chrf import CHRF

    return CHRF()


def _words(text: str) -> list[str]:
    return _WORD.findall(fold(text))


def _ngrams(words: list[str], order: int) -> Counter[tuple[str, ...]]:
    return Counter(tuple(words[i : i + order]) for i in range(len(words) - order + 1))


def _number(made: dict[str, Any], *names: str) -> float | None:
    """The first of those measures that is there."""
    for name in names:
        if isinstance(made.get(name), int | float):
            return float(made[name])
    return None
