"""The run report's charts: losses, rates, rewards, speed and memory, step by step.

for chart in draw_charts(list(run.metrics())):
    chart.title, chart.svg
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from data.charts import INK, Chart, figure, house_style

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Lines = Sequence[dict[str, Any]]

_COLOURS = {
    "loss": "#31597a",
    "all": INK,
    "clear": "#d08a2e",
    "literary": "#a65a6a",
}
_SMOOTHED = 0.9  # share of the past in the running mean of the training loss


def draw_charts(lines: Lines) -> list[Chart]:
    """Every chart that the metrics have figures for."""
    steps = [line for line in lines if "loss" in line]
    held_out = [line for line in lines if "eval_loss" in line]
    charts = []
    if steps:
        note = "Nats a learnt token: of each step and its running mean; dots: the held-out rows."
        charts.append(_chart("Loss", note, lambda axes: _loss(axes, steps, held_out)))
    for title, key, note, scale in (
        ("Reward", "reward", "Mean of the verifiable rewards of the guides drawn.", 1.0),
        ("Chosen before rejected", "rewards/accuracies", "Share of pairs ranked rightly.", 1.0),
        ("Learning rate", "learning_rate", "", 1.0),
        ("Gradient norm", "grad_norm", "Before clipping.", 1.0),
        ("Tokens a second", "tokens_per_second", "Padding not counted.", 1.0),
        ("Peak memory", "memory", "GB, the most held at once so far.", 1e-9),
    ):
        points = [(m["step"], m[key] * scale) for m in steps if key in m]
        if points:
            charts.append(_chart(title, note, lambda axes, p=points: _line(axes, p)))  # type: ignore[misc]
    return charts


def _chart(title: str, note: str, draw: Callable[[Axes], None]) -> Chart:
    def by_step(axes: Axes) -> None:
        draw(axes)
        axes.set_xlabel("step")

    with house_style():
        return Chart(title, note, figure(by_step, height=2.9))


def _loss(axes: Axes, steps: Lines, held_out: Lines) -> None:
    x = [m["step"] for m in steps]
    axes.plot(x, [m["loss"] for m in steps], color=_COLOURS["loss"], alpha=0.25, linewidth=0.8)
    mean, means = steps[0]["loss"], []
    for m in steps:
        mean = _SMOOTHED * mean + (1 - _SMOOTHED) * m["loss"]
        means.append(mean)
    axes.plot(x, means, color=_COLOURS["loss"], linewidth=1.6, label="training")
    styles = sorted(
        {
            key.removeprefix("eval_").removesuffix("_loss")
            for m in held_out
            for key in m
            if key.startswith("eval_") and key.endswith("_loss") and key != "eval_loss"
        }
    )
    for name in ("all", *styles) if held_out else ():
        key = "eval_loss" if name == "all" else f"eval_{name}_loss"
        points = [(m["step"], m[key]) for m in held_out if key in m]
        axes.plot(
            *zip(*points, strict=True),
            color=_COLOURS.get(name, INK),
            marker="o",
            markersize=4,
            linewidth=1,
            label=f"held out, {name}",
        )
    axes.legend(loc="upper right", fontsize=9)


def _line(axes: Axes, points: Sequence[tuple[int, float]]) -> None:
    axes.plot(*zip(*points, strict=True), color=_COLOURS["loss"], linewidth=1.1)
    axes.set_ylim(bottom=0)
