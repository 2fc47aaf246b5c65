"""When a work was made and when its maker lived, read from a museum's own wording.

    from data.dates import parse_date, parse_life
    parse_date("late 15th–early 16th century")  # Dating(earliest=1467, latest=1533, …)
    parse_life("Dutch, Delft 1632–1675 Delft")  # Life(born=1632, died=1675, …)

A guide speaks about ages and centuries that are computed from these, so a text that is not wholly
understood gives None, never a guess. The rules, where texts differ:

- Centuries are counted strictly (17th century: 1601–1700), except that "1600s" is 1600–1699, as
  the museums that write it so mean it. Early, mid and late are thirds; quarters and halves exact.
- The making counts: what comes after it (exhibited, published, cast, reworked …) adds to `years`
  and to nothing else. Where the text gives only such a later event, `event` names it.
- Of a date in two calendars the Gregorian one is taken; other calendars alone give None.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from data.date_clauses import Clause, read_clauses
from data.date_tokens import Kind, normalize, tokenize
from data.lives import Life, parse_life

__all__ = ["Dating", "Life", "parse_date", "parse_life"]

Certainty = Literal["exact", "circa", "uncertain"]
Bound = Literal["at", "before", "after"]
Precision = Literal["year", "decade", "century", "range"]

_STARTS = {"begun", "started"}
_ENDS = {"completed", "finished"}


@dataclass(frozen=True, slots=True)
class Dating:
    """The years a date text gives; BCE is negative (1 BCE is -1), earliest <= latest.

    `bound` "before" or "after" means that the work lies on that side of earliest–latest.
    """

    earliest: int
    latest: int
    certainty: Certainty
    bound: Bound
    precision: Precision
    years: tuple[int, ...]
    circa: bool = False
    """The text says "about"; also told where `certainty` is the stronger "uncertain"."""
    event: str = "made"
    """What the years date: made, or exhibited, published … where the text gives nothing else."""

    @property
    def centuries(self) -> tuple[int, ...]:
        """Every century the years touch (17 for the 17th, -5 for the 5th BCE), without 0.

        A single year that ends in 00 counts as people say it: 1700 is in the eighteenth.
        """
        first = (
            self.earliest // 100 + 1 if self.earliest > 0 else -((-self.earliest - 1) // 100 + 1)
        )
        last = (self.latest - 1) // 100 + 1 if self.latest > 0 else -((-self.latest - 1) // 100 + 1)
        return tuple(c for c in range(first, max(first, last) + 1) if c)


def parse_date(text: str) -> Dating | None:
    """Read a museum's date, such as "c.1905–6" or "2nd quarter of the 5th century BCE".

    Returns None where no year, decade or century can be told for certain.
    """
    return _combine(read_clauses(tokenize(normalize(text))))


def _combine(clauses: list[Clause]) -> Dating | None:
    """One dating from the clauses: the first that names a time, and what the others add to it."""
    if clauses and clauses[0].is_period:
        main = _within_period(clauses)
    else:
        main = next((c for c in clauses if c.points or not c.understood), None)
        if main is not None and main.event == "designed":  # the making comes after the design
            main = next((c for c in clauses if c.event == "woven" and c.points), main)
    if main is None or not main.points:
        return None
    years = [year for clause in clauses for year in clause.years]
    if not clauses[0].is_period:
        _extend(main, clauses[clauses.index(main) + 1 :])
    return Dating(
        earliest=main.earliest,
        latest=main.latest,
        certainty="uncertain" if main.doubt else "circa" if main.circa else "exact",
        bound=_bound(main),
        precision=_precision(main),
        years=tuple(dict.fromkeys(years)),
        circa=main.circa,
        event=main.event or "made",
    )


def _bound(clause: Clause) -> Bound:
    if clause.bound == "before":
        return "before"
    return "after" if clause.bound == "after" else "at"


def _precision(clause: Clause) -> Precision:
    if clause.grain is Kind.CENTURY:
        return "century"
    if clause.grain is Kind.DECADE:
        return "decade"
    return "range" if clause.points > 1 else "year"


def _within_period(clauses: list[Clause]) -> Clause | None:
    """The years on which "Qing dynasty (1644–1911), Kangxi period (1662–1722)" agree."""
    main: Clause | None = None
    for clause in clauses:
        if not clause.understood or clause.event or (clause.points and clause.bound != "at"):
            return None
        if not clause.points:
            continue
        if main is not None:
            clause.earliest = max(clause.earliest, main.earliest)
            clause.latest = min(clause.latest, main.latest)
            if clause.earliest > clause.latest:
                return None
        main = clause
    return main


def _extend(main: Clause, others: list[Clause]) -> None:
    """Let later clauses widen ("1976, 1997") or narrow ("early 19th century, after 1806") it."""
    event = main.event
    for other in others:
        if not other.understood:  # "…; barrels, dated 1860": another part
            return
        event = other.event or event
        if other.in_brackets and not other.points and not main.event:
            main.event = other.event  # "1922 (cast)"
        if not other.points:
            continue
        ends = event in _ENDS and main.bound == "at" and other.earliest >= main.earliest
        if ends and (not main.event or main.event in _STARTS):
            main.event = ""
            _widen(main, other)
        elif event or main.bound != "at":
            continue
        elif other.bound != "at":
            _narrow(main, other)
        elif not other.in_brackets and other.earliest >= main.earliest:
            _widen(main, other)


def _widen(main: Clause, other: Clause) -> None:
    main.latest = max(main.latest, other.latest)
    main.circa |= other.circa
    main.doubt |= other.doubt
    main.points += other.points
    if other.grain is Kind.CENTURY or main.grain is Kind.NUMBER:
        main.grain = other.grain


def _narrow(main: Clause, other: Clause) -> None:
    if other.bound == "after" and main.earliest < other.latest <= main.latest:
        main.earliest = other.latest
    elif other.bound == "before" and main.earliest <= other.earliest < main.latest:
        main.latest = other.earliest
