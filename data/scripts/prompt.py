"""What a teacher is asked, and how its answer is read.

    messages = first_messages(job, examples(request, 2))
    answer → read_script(text) → judge → again(messages, answer, faults)

The standard's own words, then the record with its derived facts as the model that is trained sees
them, so that a good answer can be learnt from. The answer is JSON with one field, `script`.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from data.dataset.rows import Row, read_rows
from data.prompt import CORPUS, LANGUAGES, WORDS, Request, record_lines
from data.prompt_version import prompt_version
from data.scripts.standard import judge
from data.scripts.store import Job, Message

STANDARD = """\
You write the words that a museum visitor hears in front of one work of art.

Truth. Say only what the record supports: its title, artist, date, medium, size, subjects and \
notes, and the lines worked out from them. Colours, gestures, light, composition, stories and \
biography that no field gives are inventions, however plausible: leave them out. You may add a \
simple general truth about a material or a technique, and ask the listener to look for something \
that the record lists, as a task or a question. Use the worked-out lines for sizes, ages and \
centuries; do not count yourself.
For the ear. One idea a sentence, most sentences under 20 words and none over 30. No brackets, \
abbreviations, symbols, lists or headings; units spelled out, years in digits. No greeting and no \
farewell.
Complete. Say the title, the artist, the date and the medium, and make the size tangible.
One job. Begin with what makes one look up, give something to look for, and end on a line that \
stands: a given fact, or looking itself.
Honest. Say "attributed to", "circle of", "unknown" and "around" where the record says them.
Plain. No worn words, such as masterpiece, captivating, testament, tapestry, vibrant, iconic, \
stunning, exquisite, timeless, enigmatic, whispers, breathtaking, invites you.
Form. Only paintings are painted: a sculpture is carved, cast or modelled, a photograph taken, a \
print printed, a drawing drawn."""

STYLES = {
    "clear": "Style: clear. Warm, concrete, simple. Every sentence names the work, says a fact of "
    "the record, asks the listener to find something listed, makes one simple true remark on the "
    "material, or closes. No comment on the title's words, no sayings, no guesses at meaning or "
    "intention.",
    "literary": "Style: literary. Wit and turns are welcome, and a close reading of the title; "
    "still, nothing that the record does not support.",
}
ANSWER = 'Answer with JSON alone: {"script": "…"}'
AGAIN = (
    "Write the guide again, as JSON like before, so that nothing of the following is left to mend. "
    "Do not send the same text: leave out what is wrong, and where it is too short, say another "
    "fact of the record or ask the listener to look for another thing that it lists."
)
NO_SCRIPT = 'The answer was not the JSON that was asked for. Answer with {"script": "…"} alone.'
CUT_OFF = "The answer was too long and was cut off. Keep to the number of words."

SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {"script": {"type": "string"}},
    "required": ["script"],
    "additionalProperties": False,
}

_FENCE = re.compile(r"```(?:json)?\s*(.*?)```", re.DOTALL)
_SPACES = re.compile(r"\s+")


def teacher_version(shots: int) -> str:
    """A name for all that a teacher is told: it changes with any word of it."""
    texts = (STANDARD, *STYLES.values(), ANSWER, AGAIN, NO_SCRIPT, CUT_OFF, json.dumps(SCHEMA))
    text = "\n".join([*texts, str(shots), prompt_version()])
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def first_messages(job: Job, shots: int) -> list[Message]:
    """The first question: standard, examples, record; the same but for the record."""
    asked = job.request
    fewest, most = WORDS[asked.length]
    language = LANGUAGES[asked.language]
    system = "\n".join([
        STANDARD,
        STYLES[asked.style],
        f"Length: {fewest} to {most} words. Language: {language}.",
        ANSWER,
    ])  # fmt: skip
    messages = [{"role": "system", "content": system}]
    for row in examples(asked, shots):
        messages.append({"role": "user", "content": _question(row)})
        answer = json.dumps({"script": row.script}, ensure_ascii=False)
        messages.append({"role": "assistant", "content": answer})
    return [*messages, {"role": "user", "content": _question(job)}]


def again(messages: Sequence[Message], answer: str, reasons: Sequence[str]) -> list[Message]:
    """The next question: the same, the answer to it, and what is wrong with that."""
    reply = "\n".join([AGAIN, *(f"- {reason}" for reason in reasons)])
    return [
        *messages,
        {"role": "assistant", "content": answer},
        {"role": "user", "content": reply},
    ]


def read_script(answer: str) -> str | None:
    """The script of an answer, on one line; None where it holds none."""
    fenced = _FENCE.search(answer)
    for text in (answer, fenced[1] if fenced else "", _braced(answer)):
        try:
            found = json.loads(text)
        except (ValueError, RecursionError):
            continue
        script = found.get("script") if isinstance(found, dict) else None
        if isinstance(script, str) and script.strip():
            return _SPACES.sub(" ", script).strip()
    return None


@lru_cache(maxsize=32)
def examples(request: Request, count: int) -> tuple[Row, ...]:
    """Scripts of the corpus in that language and style that nothing can be said against.

    Of that length where there are any; every other one has notes.
    """
    fitting = [row for row in _corpus() if _kind(row.request) == _kind(request)]
    same_length = [row for row in fitting if row.request.length == request.length]
    rows = same_length or fitting
    chosen: list[Row] = []
    while len(chosen) < count:
        noted = len(chosen) % 2 == 0
        fresh = (row for row in rows if row not in chosen and bool(row.artwork.notes) == noted)
        row = next((r for r in fresh if judge(r.script, r.artwork, r.request).passed), None)
        if row is None:
            break
        chosen.append(row)
    return tuple(chosen)


@lru_cache(maxsize=1)
def _corpus() -> tuple[Row, ...]:
    return tuple(read_rows(CORPUS))


def _kind(request: Request) -> tuple[str, str]:
    return request.language, request.style


def _question(asked: Job | Row) -> str:
    lines = record_lines(asked.artwork, asked.request.language)
    return "\n".join([asked.request.instruction, "", *lines])


def _braced(answer: str) -> str:
    """From the first brace to the last, where a model talks around its JSON."""
    return answer[answer.find("{") : answer.rfind("}") + 1]
