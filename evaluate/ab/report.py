"""What an experiment has found so far, as text for the terminal and as JSON.

report = make_report(store, "spring")
print_report(report)
"""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass
from typing import Any

import click
from rich.table import Table

from evaluate.ab.judge import cohens_kappa, judges, read_judgements
from evaluate.ab.sequential import Decision, Forecast, SequentialTest
from evaluate.ab.statistics import (
    Effects,
    WinRate,
    agreement,
    side_and_length,
    strengths,
    win_rates,
)
from evaluate.ab.store import VoteStore
from evaluate.ab.votes import Votes, read_votes
from evaluate.intervals import Interval


@dataclass(frozen=True, slots=True)
class Verdict:
    """The anytime-valid test of one pair: units are voters who are done."""

    a: str
    b: str
    units: int
    decision: Decision
    forecast: Forecast | None

    @property
    def sentence(self) -> str:
        """The decision in words."""
        if self.decision is Decision.a_better:
            return f"{self.a} is better than {self.b}"
        if self.decision is Decision.b_better:
            return f"{self.b} is better than {self.a}"
        if self.decision is Decision.equal:
            return f"{self.a} and {self.b} are equal within the margin"
        return f"{self.a} against {self.b}: undecided; {self._more()}"

    def _more(self) -> str:
        forecast = self.forecast
        if forecast is None or forecast.median is None:
            tried = forecast.tried if forecast else 0
            return f"more than {tried} more voters would be needed as things stand"
        late = forecast.high if forecast.high is not None else f"over {forecast.tried}"
        return f"about {forecast.median} more voters (80 %: {forecast.low} to {late})"


@dataclass(frozen=True, slots=True)
class JudgeReport:
    """One model's verdicts: never mixed with people's."""

    judge: str
    pairs: int
    consistent: float  # share of pairs whose verdict survives the exchange of places
    first: float  # share of the decided verdicts that went to the text shown first
    wins: dict[str, int]
    kappa: float | None  # with the majority of people's votes
    shared: int


@dataclass(frozen=True, slots=True)
class Report:
    """Everything about an experiment."""

    votes: Votes
    verdicts: tuple[Verdict, ...]
    strengths: dict[str, Interval]
    rates: tuple[WinRate, ...]
    effects: Effects | None
    agreement: float | None
    reasons: dict[str, int]
    judges: tuple[JudgeReport, ...]

    def as_json(self) -> dict[str, Any]:
        """The report as plain types, without the votes."""
        fields = asdict(self)
        votes: dict[str, Any] = fields.pop("votes")
        del votes["outcomes"]
        for verdict, found in zip(fields["verdicts"], self.verdicts, strict=True):
            verdict["sentence"] = found.sentence
        counts = {"votes": len(self.votes.outcomes), "voters": self.votes.voters}
        return votes | counts | fields


def make_report(store: VoteStore, name: str) -> Report:
    """Work everything out.

    Raises:
        VoteError: there is no such experiment.
    """
    votes = read_votes(store, name)
    some = bool(votes.outcomes)
    return Report(
        votes=votes,
        verdicts=tuple(_verdict(votes, a, b) for a, b in votes.pairs),
        strengths=strengths(votes) if some else {},
        rates=tuple(win_rates(votes)),
        effects=side_and_length(votes) if some else None,
        agreement=agreement(votes) if some else None,
        reasons=dict(Counter(r for o in votes.outcomes for r in o.reasons).most_common()),
        judges=tuple(_judge_report(store, votes, judge) for judge in judges(store, name)),
    )


def print_report(report: Report) -> None:
    """Verdicts first, then what they rest on."""
    from evaluate.show import print_table

    votes = report.votes
    click.echo(
        f"{votes.name}: {len(votes.outcomes)} votes of {votes.voters} voters"
        + (f", {votes.inattentive} voters left out as inattentive" if votes.inattentive else "")
    )
    for verdict in report.verdicts:
        click.echo(f"  {verdict.sentence} [{verdict.units} voters count]")
    if report.strengths:
        click.echo()
        print_table(_strengths_table(report))
        print_table(_rates_table(report))
        for line in _notes(report):
            click.echo(line)
    for judge in report.judges:
        click.echo(_judge_line(judge))


def _verdict(votes: Votes, a: str, b: str) -> Verdict:
    """The level is shared out among the pairs (Bonferroni)."""
    test = SequentialTest(margin=votes.rules.margin, level=votes.rules.level / len(votes.pairs))
    values = votes.by_voter(a, b)
    decision = test.decide_values(values)
    forecast = test.forecast(values) if decision is Decision.undecided else None
    return Verdict(a, b, len(values), decision, forecast)


def _judge_report(store: VoteStore, votes: Votes, judge: str) -> JudgeReport:
    pairings = read_judgements(store, votes.name, judge)
    firsts = sum(p.firsts for p in pairings)
    decided = firsts + sum(p.seconds for p in pairings)
    people: dict[tuple[str, frozenset[str]], Counter[str]] = {}
    for outcome in votes.outcomes:
        pair = (outcome.work, frozenset((outcome.left, outcome.right)))
        people.setdefault(pair, Counter())[outcome.winner or "tie"] += 1
    ours, theirs = [], []
    for p in pairings:
        if said := people.get((p.work, frozenset((p.a, p.b)))):
            ranked = said.most_common(2)
            tied = len(ranked) > 1 and ranked[0][1] == ranked[1][1]
            ours.append("tie" if tied else ranked[0][0])
            theirs.append(p.winner or "tie")
    return JudgeReport(
        judge=judge,
        pairs=len(pairings),
        consistent=sum(p.consistent for p in pairings) / max(1, len(pairings)),
        first=firsts / decided if decided else 0.5,
        wins=dict(Counter(p.winner for p in pairings if p.winner)),
        kappa=cohens_kappa(ours, theirs) if ours else None,
        shared=len(ours),
    )


def _strengths_table(report: Report) -> Table:
    table = Table(box=None, pad_edge=False)
    table.add_column("Bradley–Terry, log odds [95 %]")
    table.add_column("", justify="right")
    for name, value in report.strengths.items():
        table.add_row(name, f"{value.mean:+.2f} [{value.low:+.2f} to {value.high:+.2f}]")
    return table


def _rates_table(report: Report) -> Table:
    table = Table(box=None, pad_edge=False)
    table.add_column("win rate, ties half [95 %]")
    for name in ("", "won", "lost", "equal", "both bad"):
        table.add_column(name, justify="right")
    for rate in report.rates:
        share = f"{100 * rate.share.mean:.0f} % [{100 * rate.share.low:.0f} to"
        table.add_row(
            f"{rate.a} against {rate.b}", f"{share} {100 * rate.share.high:.0f}]",
            str(rate.wins), str(rate.losses), str(rate.equal), str(rate.both_bad),
        )  # fmt: skip
    return table


def _notes(report: Report) -> list[str]:
    lines = []
    if report.effects:
        for name, effect in (
            ("left side", report.effects.side),
            ("length ×2", report.effects.length),
        ):
            lines.append(
                f"effect of {name}: {effect.mean:+.2f} [{effect.low:+.2f} to {effect.high:+.2f}] "
                "log odds"
            )  # fmt: skip
    if report.agreement is not None:
        lines.append(f"agreement between voters: Krippendorff's alpha {report.agreement:.2f}")
    if report.reasons:
        lines.append("reasons: " + ", ".join(f"{k} {n}" for k, n in report.reasons.items()))
    return lines


def _judge_line(judge: JudgeReport) -> str:
    wins = ", ".join(f"{name} {count}" for name, count in judge.wins.items()) or "none"
    kappa = "" if judge.kappa is None else (
        f"; Cohen's kappa with people {judge.kappa:.2f} over {judge.shared} pairs"
    )  # fmt: skip
    return (
        f"judge {judge.judge}: {judge.pairs} pairs, won in both orders: {wins}; consistent "
        f"{100 * judge.consistent:.0f} %, for the first shown {100 * judge.first:.0f} %{kappa}"
    )
