"""Measure the fact check on the corpus: false alarms, and time for a sentence.

    python bench/facts.py                    # every row; a table a language and register
    python bench/facts.py --works held-out   # the fifth of the works that was kept aside
    python bench/facts.py --list place       # the alarms themselves

The scripts are true, so every unsupported claim is a false alarm, or a slip of the corpus.
"""

from __future__ import annotations

import argparse
import hashlib
import platform
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from data.artwork import Artwork
from data.facts import Checker, Report
from data.facts.text import sentences
from data.guides import Guide, read_corpus


def held_out(artwork: Artwork) -> bool:
    """Whether a work is of the fifth kept aside while the check was made."""
    key = f"{artwork.artist or ''}|{artwork.title}"
    return int(hashlib.sha256(key.encode()).hexdigest(), 16) % 5 == 0


def untouched(artwork: Artwork) -> bool:
    """Whether a held-out work is of the half that nobody has looked at even since."""
    key = f"{artwork.title}|{artwork.artist or ''}"
    return held_out(artwork) and hashlib.sha256(key.encode()).digest()[0] % 2 == 0


WORKS: dict[str, Callable[[Artwork], bool]] = {
    "all": lambda _: True,
    "seen": lambda artwork: not held_out(artwork),
    "held-out": held_out,
    "looked-at": lambda artwork: held_out(artwork) and not untouched(artwork),
    "untouched": untouched,
}
"""Parts of the corpus: `looked-at` and `untouched` are the halves of the held-out fifth."""


def check_all(guides: list[Guide]) -> list[tuple[Guide, Report]]:
    """Check every script against its record."""
    return [(g, Checker(g.artwork, g.language).check(g.script)) for g in guides]


def time_sentences(guides: list[Guide]) -> tuple[float, float, int]:
    """Microseconds of processor time for a record and for a sentence, and how many sentences."""
    compiling = checking = 0.0
    count = 0
    for guide in guides:
        start = time.process_time()
        checker = Checker(guide.artwork, guide.language)
        compiled = time.process_time()
        for first, last in sentences(guide.script):
            checker.check_sentence(guide.script[first:last], guide.script[:first])
            count += 1
        checking += time.process_time() - compiled
        compiling += compiled - start
    return 1e6 * compiling / len(guides), 1e6 * checking / count, count


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--corpus", type=Path, help="another corpus file")
    parser.add_argument("--works", choices=WORKS, default="all")
    parser.add_argument("--list", metavar="KIND", help="print the alarms of a kind, or `all`")
    options = parser.parse_args()
    guides = read_corpus(options.corpus)
    guides = [g for g in guides if WORKS[options.works](g.artwork)]
    for guide in guides[:50]:
        Checker(guide.artwork, guide.language).check(guide.script)  # tables are loaded once
    reports = check_all(guides)
    alarms = [(g, r) for g, r in reports if not r.clean]
    print(
        f"{len(alarms)} of {len(guides)} scripts have an alarm: "
        f"{100 * len(alarms) / len(guides):.1f} %"
    )
    rows, bad = (
        Counter((g.language, g.style) for g in guides),
        Counter((g.language, g.style) for g, _ in alarms),
    )
    for key in sorted(rows):
        print(
            f"  {key[0]} {key[1]:9} {bad[key]:4} of {rows[key]:4}  "
            f"{100 * bad[key] / rows[key]:.1f} %"
        )
    kinds = Counter(c.kind.value for _, r in alarms for c in r.unsupported)
    print("  alarms by kind:", ", ".join(f"{k} {n}" for k, n in kinds.most_common()) or "none")
    claims = Counter(c.verdict.value for _, r in reports for c in r.claims)
    print("  claims:", ", ".join(f"{v} {n}" for v, n in claims.most_common()))
    compiling, checking, count = time_sentences(guides[:: max(1, len(guides) // 600)])
    print(
        f"{checking:.0f} µs a sentence ({count} sentences), {compiling / 1000:.1f} ms to compile "
        f"a record; one core of {platform.processor() or platform.machine()}, "
        f"Python {platform.python_version()}"
    )
    if options.list:
        show(alarms, options.list)


def show(alarms: list[tuple[Guide, Report]], kind: str) -> None:
    """Print each alarm in its sentence."""
    for guide, report in alarms:
        for claim in report.unsupported:
            if kind in ("all", claim.kind.value):
                before = guide.script[max(0, claim.start - 60) : claim.start]
                after = guide.script[claim.end : claim.end + 40]
                said = guide.script[claim.start : claim.end]
                print(
                    f"{guide.id} {claim.kind.value}: …{before}[[{said}]]{after}… ({claim.reason})"
                )


if __name__ == "__main__":
    main()
