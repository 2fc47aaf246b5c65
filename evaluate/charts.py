"""The evaluation report's charts: shares, claims, groups, lengths, time and memory.

    for chart in draw_charts(summaries, measured):
        chart.title, chart.svg

Every mean stands with its interval: a difference that the intervals swallow is none.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from data.charts import INK, Chart, figure, house_style
from data.prompt import LANGUAGES, WORDS
from evaluate.intervals import Interval
from evaluate.metrics import BY_KEY, Measured
from evaluate.summary import GROUPS, Summary

if TYPE_CHECKING:
    from matplotlib.axes import Axes

PALETTE = ("#31597a", "#d08a2e", "#6b9a5b", "#a65a6a", "#7b6aa0", "#4f9aa0", "#8a6d4f", "#777777")
_MOST_KINDS = 10


def colour(place: int) -> str:
    """The colour of the variant at that place, the same in every chart and table."""
    return PALETTE[place % len(PALETTE)]


def draw_charts(
    summaries: Sequence[Summary], measured: Mapping[str, Sequence[Measured]]
) -> list[Chart]:
    """Every chart that the variants have figures for."""
    with house_style():
        charts = [
            _shares(summaries),
            _kinds(summaries),
            *(_grouped(summaries, group) for group in GROUPS),
            _words(measured),
            _speed(summaries),
        ]
    return [chart for chart in charts if chart is not None]


def _shares(summaries: Sequence[Summary]) -> Chart:
    keys = ("true", "completeness", "in_length", "stops")
    rows = [(BY_KEY[key].label, [s.overall.get(key) for s in summaries]) for key in keys]
    parent = [s.overall.get("parent") for s in summaries]
    if any(parent):
        rows.append(("PARENT", parent))
    return Chart("At a glance", "mean and interval at 95 %", _whiskers(rows, summaries, share=True))


def _kinds(summaries: Sequence[Summary]) -> Chart | None:
    greatest: dict[str, float] = {}
    for summary in summaries:
        for kind, interval in summary.kinds.items():
            greatest[kind] = max(greatest.get(kind, 0.0), interval.mean)
    kinds = sorted(greatest, key=lambda kind: -greatest[kind])[:_MOST_KINDS]
    if not kinds:
        return None
    none = Interval(0.0, 0.0, 0.0, 0)
    rows = [(kind, [s.kinds.get(kind, none) for s in summaries]) for kind in kinds]
    return Chart(
        "Unsupported claims", "a guide, by what they are about", _whiskers(rows, summaries)
    )


def _grouped(summaries: Sequence[Summary], group: str) -> Chart | None:
    names = dict.fromkeys(name for s in summaries for name in s.by[group])
    if len(names) < 2:
        return None
    shown = LANGUAGES if group == "language" else {}
    rows = [
        (shown.get(name, name), [s.by[group].get(name, {}).get("true") for s in summaries])
        for name in names
    ]
    svg = _whiskers(rows, summaries, share=True)
    return Chart(f"True guides by {group}", "share without an unsupported claim", svg)


def _speed(summaries: Sequence[Summary]) -> Chart | None:
    rows = [
        (BY_KEY[key].label, values)
        for key in ("seconds", "first", "memory")
        if any(values := [s.overall.get(key) for s in summaries])
    ]
    if not rows:
        return None
    note = "a guide takes about 30 seconds aloud, a full one a minute"
    return Chart("Time and memory", note, _whiskers(rows, summaries))


def _whiskers(
    rows: Sequence[tuple[str, Sequence[Interval | None]]],
    summaries: Sequence[Summary],
    *,
    share: bool = False,
) -> str:
    """A row a thing, a dot a variant, a line through the dot for its interval."""
    step = 0.8 / max(len(summaries), 1)

    def draw(axes: Axes) -> None:
        for place, summary in enumerate(summaries):
            named = False
            for row, (_, intervals) in enumerate(rows):
                interval = intervals[place]
                if interval is None:
                    continue
                height = row + (place - (len(summaries) - 1) / 2) * step
                label = None if named else summary.variant
                named = True
                axes.plot(
                    [interval.low, interval.high], [height, height], color=colour(place),
                    linewidth=2, alpha=0.45, solid_capstyle="round", clip_on=False,
                )  # fmt: skip
                axes.plot(
                    [interval.mean], [height], "o", color=colour(place), label=label, clip_on=False
                )
        axes.set_yticks(range(len(rows)), [name for name, _ in rows])
        axes.set_ylim(len(rows) - 0.4, -0.6)
        if share:
            axes.set_xlim(-0.02, 1.02)
            axes.xaxis.set_major_formatter(lambda value, _: f"{100 * value:.0f} %")
        else:
            axes.set_xlim(left=0)
        axes.grid(visible=False, axis="y")
        _legend(axes, len(summaries))

    return figure(draw, height=0.9 + len(rows) * max(0.34, 0.17 * len(summaries)))


def _words(measured: Mapping[str, Sequence[Measured]]) -> Chart:
    from matplotlib.ticker import MaxNLocator

    def draw(axes: Axes) -> None:
        lengths = {one.task.request.length for group in measured.values() for one in group}
        for length in lengths:
            fewest, most = WORDS[length]
            axes.axvspan(fewest, most, color=INK, alpha=0.07, linewidth=0)
        values = [[one.values["words"] or 0.0 for one in group] for group in measured.values()]
        top = max(max(group, default=0.0) for group in values)
        bins = [5.0 * i for i in range(int(top // 5) + 2)]
        for place, (name, group) in enumerate(zip(measured, values, strict=True)):
            axes.hist(
                group, bins=bins, histtype="stepfilled", alpha=0.35, color=colour(place),
                edgecolor=colour(place), label=name,
            )  # fmt: skip
        axes.set_xlabel("words")
        axes.set_ylabel("guides")
        axes.yaxis.set_major_locator(MaxNLocator(integer=True))
        axes.grid(visible=False, axis="x")
        _legend(axes, len(measured))

    return Chart("Words in a guide", "shaded: what the lengths ask for", figure(draw, height=2.6))


def _legend(axes: Axes, variants: int) -> None:
    if variants > 1:
        axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=min(variants, 4), fontsize=9)
