"""The report's charts: lengths, languages, forms, museums and centuries of a data set.

for chart in draw_charts(dataset):
    chart.title, chart.svg
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from data.charts import Chart, figure, house_style
from data.dataset.build import Dataset, Example
from data.dataset.statistics import NO_MUSEUM, UNDATED, centuries, words
from data.prompt import LANGUAGES, WORDS

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLOURS = {"train": "#31597a", "validation": "#d08a2e", "test": "#6b9a5b"}
STYLE_COLOURS = {"clear": "#31597a", "literary": "#a65a6a"}
LENGTH_COLOURS = {"brief": "#31597a", "full": "#a65a6a"}
_MOST_BARS = 12


def draw_charts(dataset: Dataset, max_tokens: int) -> list[Chart]:
    """Every chart of the report."""
    examples = [example for part in dataset.parts.values() for example in part]
    with house_style():
        return [
            Chart("Tokens in a row", f"prompt and completion together; the limit is {max_tokens:,}",
                  figure(lambda axes: _tokens(axes, dataset))),
            Chart("Words in a script", "shaded: what the two lengths ask for",
                  figure(lambda axes: _words(axes, examples))),
            Chart("Languages", "rows by style",
                  _bars(examples, _language, "style", STYLE_COLOURS)),
            Chart("Art forms", "rows by part", _part_bars(dataset, _form)),
            Chart("Museums", "rows by part", _part_bars(dataset, _museum)),
            Chart("Centuries", "of the works, in rows by part",
                  figure(lambda axes: _centuries(axes, dataset))),
        ]  # fmt: skip


def _tokens(axes: Axes, dataset: Dataset) -> None:
    values = [[example.counted.tokens for example in part] for part in dataset.parts.values()]
    colours = [COLOURS[name] for name in dataset.parts]
    axes.hist(values, bins=40, stacked=True, color=colours, label=list(dataset.parts))
    axes.set_xlabel("tokens")
    _finish(axes, "y")


def _words(axes: Axes, examples: Sequence[Example]) -> None:
    for length, (fewest, most) in WORDS.items():
        values = [words(e.row.script) for e in examples if e.row.request.length == length]
        if values:
            axes.axvspan(fewest, most, color=LENGTH_COLOURS[length], alpha=0.10, linewidth=0)
            bins = range(min(values), max(values) + 3, 2)
            axes.hist(values, bins=bins, color=LENGTH_COLOURS[length], label=length)
    axes.set_xlabel("words")
    _finish(axes, "y")


def _centuries(axes: Axes, dataset: Dataset) -> None:
    counts = {name: centuries(part) for name, part in dataset.parts.items()}
    found = {century for part in counts.values() for century in part}
    places = sorted(found - {UNDATED}, key=int) + sorted(found & {UNDATED})
    below = [0] * len(places)
    for name, part in counts.items():
        heights = [part.get(place, 0) for place in places]
        axes.bar(range(len(places)), heights, bottom=below, color=COLOURS[name], label=name)
        below = [one + other for one, other in zip(below, heights, strict=True)]
    axes.set_xticks(range(len(places)), [_ordinal(place) for place in places])
    if len(places) > 8:
        for label in axes.get_xticklabels():
            label.set(rotation=45, ha="right", rotation_mode="anchor")
    _finish(axes, "y")


def _ordinal(century: str) -> str:
    if century == UNDATED:
        return century
    number = abs(int(century))
    teen = 10 <= number % 100 <= 20
    ending = "th" if teen else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}{' BCE' if int(century) < 0 else ''}"


def _language(example: Example) -> str:
    return LANGUAGES[example.row.request.language]


def _form(example: Example) -> str:
    return example.row.artwork.form.value


def _museum(example: Example) -> str:
    return example.row.artwork.museum or NO_MUSEUM


def _part_bars(dataset: Dataset, kind: Callable[[Example], str]) -> str:
    parts = {example.row.id: name for name, part in dataset.parts.items() for example in part}
    examples = [example for part in dataset.parts.values() for example in part]
    return _stacked(examples, kind, lambda example: parts[example.row.id], COLOURS)


def _bars(
    examples: Sequence[Example],
    kind: Callable[[Example], str],
    layer: str,
    colours: dict[str, str],
) -> str:
    return _stacked(examples, kind, lambda example: getattr(example.row.request, layer), colours)


def _stacked(
    examples: Sequence[Example],
    kind: Callable[[Example], str],
    layer: Callable[[Example], str],
    colours: dict[str, str],
) -> str:
    """Horizontal bars of the commonest kinds, the longest on top, the rest as one."""
    counts: dict[str, dict[str, int]] = {}
    for example in examples:
        layers = counts.setdefault(kind(example), {})
        layers[layer(example)] = layers.get(layer(example), 0) + 1
    ordered = sorted(counts.items(), key=lambda item: -sum(item[1].values()))
    if len(ordered) > _MOST_BARS:
        rest = [layers for _, layers in ordered[_MOST_BARS - 1 :]]
        together = {name: sum(one.get(name, 0) for one in rest) for name in colours}
        ordered = [*ordered[: _MOST_BARS - 1], (f"{len(rest)} others", together)]

    def draw(axes: Axes) -> None:
        left = [0] * len(ordered)
        for name, colour in colours.items():
            widths = [layers.get(name, 0) for _, layers in ordered]
            if any(widths):
                axes.barh(range(len(ordered)), widths, left=left, color=colour, label=name)
                left = [one + other for one, other in zip(left, widths, strict=True)]
        axes.set_yticks(range(len(ordered)), [_short(name) for name, _ in ordered])
        for place, total in enumerate(left):
            axes.annotate(f"{total:,}", (total, place), (4, 0), textcoords="offset points",
                          va="center", fontsize=9)  # fmt: skip
        axes.set_xlim(0, max(left) * 1.12)
        axes.invert_yaxis()
        _finish(axes, "x")

    return figure(draw, height=max(1.6, 0.8 + 0.32 * len(ordered)))


def _short(name: str) -> str:
    return name if len(name) <= 34 else f"{name[:33]}…"


def _finish(axes: Axes, grid: str) -> None:
    axes.grid(visible=False, axis="x" if grid == "y" else "y")
    (axes.yaxis if grid == "y" else axes.xaxis).set_major_formatter("{x:,.0f}")
    if len(axes.get_legend_handles_labels()[1]) > 1:
        axes.legend(loc="best", fontsize=9)
