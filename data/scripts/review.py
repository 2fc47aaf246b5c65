"""The curator's desk: one script after another on the terminal, to keep, mend or reject.

    Desk(store, console, wanted).work()

Shown are the record with the lines worked out from it, the script with every doubtful word marked,
and why. Each decision is stored at once; whoever stops goes on later where they were.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import click
from rich.console import Console, Group, RenderableType
from rich.panel import Panel
from rich.rule import Rule
from rich.text import Text

from data.facts import Verdict as Truth
from data.prompt import record_lines
from data.scripts.standard import Judgement, judge
from data.scripts.store import Attempt, Decision, Job, Review, Store

KEYS = {
    "k": "keep",
    "e": "edit",
    "r": "reject",
    "n": "next candidate",
    "s": "skip",
    "q": "quit",
}
_UNSUPPORTED, _UNCLEAR, _STYLE = "bold red underline", "yellow", "magenta underline"


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which scripts to look at; empty tuples want all."""

    languages: tuple[str, ...] = ()
    lengths: tuple[str, ...] = ()
    styles: tuple[str, ...] = ()
    failed: bool = False  # those that did not pass, instead of those that did

    def wants(self, job: Job) -> bool:
        """Whether the job is of the languages, lengths and styles."""
        asked = job.request
        return (
            asked.language in (self.languages or (asked.language,))
            and asked.length in (self.lengths or (asked.length,))
            and asked.style in (self.styles or (asked.style,))
        )


@dataclass(slots=True)
class Draft:
    """The script on the desk, and the attempt that it came from."""

    attempt: Attempt
    script: str
    edited: bool = False


class Desk:
    """A review from the first undecided script to the last, or until the curator leaves."""

    def __init__(
        self,
        store: Store,
        console: Console,
        wanted: Wanted,
        read_key: Callable[[], str] = click.getchar,
        edit: Callable[[str], str | None] = click.edit,
    ) -> None:
        self._store, self._console, self._wanted = store, console, wanted
        self._read_key, self._edit = read_key, edit
        self.decided = 0

    def waiting(self) -> list[Job]:
        """The jobs without a decision that have a script to look at."""
        passed, reviewed = self._store.passed(), self._store.reviews()
        return [
            job
            for job in self._store.jobs()
            if job.id not in reviewed
            and (job.id in passed) != self._wanted.failed
            and self._wanted.wants(job)
            and self._scripts(job)
        ]

    def work(self) -> int:
        """Go through them; returns how many are left."""
        jobs = self.waiting()
        for place, job in enumerate(jobs, 1):
            if not self._decide(job, f"{place} of {len(jobs)}"):
                break
        return len(self.waiting())

    def _scripts(self, job: Job) -> list[Attempt]:
        """What a curator may choose from; the last try of each candidate is its best."""
        scripts = [attempt for attempt in self._store.attempts(job) if attempt.script]
        passed = [attempt for attempt in scripts if attempt.verdict == "passed"]
        return passed or scripts

    def _decide(self, job: Job, place: str) -> bool:
        """One script; False when the curator leaves."""
        scripts = self._scripts(job)
        drafts = [Draft(attempt, attempt.script or "") for attempt in scripts]
        at = 0
        while True:
            draft = drafts[at]
            self._console.print(_page(job, draft, place, f"{at + 1} of {len(drafts)}"))
            key = self._ask(len(drafts) > 1)
            if key == "q":
                return False
            if key == "s":
                return True
            if key == "n":
                at = (at + 1) % len(drafts)
            elif key == "e":
                self._mend(draft)
            else:
                self._settle(job, draft, "reject" if key == "r" else "keep")
                return True

    def _ask(self, several: bool) -> str:
        keys = [key for key in KEYS if several or key != "n"]
        line = Text("  ").join(
            Text.assemble((f"[{key}]", "bold cyan"), f" {KEYS[key]}") for key in keys
        )
        self._console.print(line)
        while True:
            key = self._read_key().lower()
            if key in keys:
                return key
            if key in ("\x03", "\x04"):
                raise KeyboardInterrupt

    def _mend(self, draft: Draft) -> None:
        text = self._edit(draft.script + "\n")
        mended = " ".join((text or "").split())
        if mended and mended != draft.script:
            draft.script, draft.edited = mended, True

    def _settle(self, job: Job, draft: Draft, decision: Decision) -> None:
        if decision == "keep" and draft.edited:
            decision = "edit"
        self._store.put_review(job, Review(draft.attempt.id, decision, draft.script))
        self.decided += 1


def mark(script: str, judged: Judgement) -> Text:
    """The script with its doubtful words in colour: false, unclear, faults of style."""
    text = Text(script)
    for finding in judged.report.findings:
        if finding.kind != "length":
            text.stylize(_STYLE, *finding.span)
    for claim in judged.report.claims:
        if claim.verdict is not Truth.supported:
            style = _UNSUPPORTED if claim.verdict is Truth.unsupported else _UNCLEAR
            text.stylize(style, *claim.span)
    return text


def _page(job: Job, draft: Draft, place: str, candidate: str) -> RenderableType:
    asked, judged = job.request, judge(draft.script, job.artwork, job.request)
    state = "edited" if draft.edited else draft.attempt.verdict
    head = (
        f"{place} · {asked.language}, {asked.length}, {asked.style} · candidate {candidate} · "
        f"{state} · {draft.attempt.model}"
    )
    words = len(draft.script.split())
    return Group(
        Rule(Text(head), align="left"),
        Panel(Text("\n".join(record_lines(job.artwork, asked.language))), title="record"),
        Panel(mark(draft.script, judged), title=f"script, {words} words"),
        *_remarks(draft.script, judged),
    )


def _remarks(script: str, judged: Judgement) -> Sequence[Text]:
    faults = [Text(f"✗ {fault}", style="red") for fault in judged.faults]
    unclear = [
        Text(f"? “{script[c.start : c.end]}”: {c.reason}", style="yellow")
        for c in judged.report.unclear
    ]
    return [*faults, *unclear] or [Text("✓ nothing to object to", style="green")]
