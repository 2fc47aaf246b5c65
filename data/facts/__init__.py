"""The fact check: whether a guide says only what its record supports.

    from data.facts import check
    report = check(script, artwork, "en")
    report.clean, [script[c.start : c.end] for c in report.unsupported]

Deterministic, without a model, under a millisecond a sentence; `docs/TRUTH.md` tells what it sees
and what it cannot. To check many texts against one record, keep a `Checker`.
"""

from data.facts.checker import Checker, check
from data.facts.report import Claim, Finding, Kind, Report, Verdict

__all__ = ["Checker", "Claim", "Finding", "Kind", "Report", "Verdict", "check"]
