"""Charts of an export: size against divergence against speed, and the run's losses.

from export.chart import verification_chart
verification_chart(verification, Path("models/NAME/verify"))    # verify.png and verify.svg
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from export.files import whole
from export.verify import Verification

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from train.run import Run

_LEAST_KL = 1e-6  # where a file that is the original stands on a logarithmic axis


def verification_chart(verification: Verification, stem: Path) -> None:
    """One point a type: size to the right, divergence upwards, speed as colour and number."""
    measured = [r for r in verification.results if r.distance is not None]
    if not measured:
        return
    figure, axes = _figure()
    sizes = [result.size / 1e9 for result in measured]
    distances = [max(result.distance.kl, _LEAST_KL) for result in measured if result.distance]
    speeds = [result.probe.tokens_per_second for result in measured]
    points = axes.scatter(sizes, distances, c=speeds, cmap="viridis", vmin=0, s=90, zorder=3)
    for result, size, distance, speed in zip(measured, sizes, distances, speeds, strict=True):
        axes.annotate(
            f"{result.candidate.type}  {speed:.0f}/s",
            (size, distance),
            xytext=(7, 5),
            textcoords="offset points",
            fontsize=9,
        )
    axes.set_yscale("log")
    axes.margins(x=0.2, y=0.2)
    axes.set_xlabel("size of the file, GB")
    axes.set_ylabel("divergence from 16 bits, nats a token")
    figure.colorbar(points, label="tokens a second")
    _save(figure, stem)


def training_chart(run: Run, stem: Path) -> bool:
    """The run's training and held-out losses; False when it has none."""
    steps = [(m["step"], m["loss"]) for m in run.metrics() if "loss" in m]
    held_out = [(m["step"], m["eval_loss"]) for m in run.metrics() if "eval_loss" in m]
    if not steps and not held_out:
        return False
    figure, axes = _figure()
    if steps:
        axes.plot(*zip(*steps, strict=True), color="0.6", linewidth=1, label="training")
    if held_out:
        axes.plot(*zip(*held_out, strict=True), marker="o", label="held out")
    axes.set_xlabel("step")
    axes.set_ylabel("loss, nats a token")
    axes.legend()
    _save(figure, stem)
    return True


def _figure() -> tuple[Figure, Any]:
    # The object interface: pyplot would open a display where there is one.
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 4.5), layout="constrained")
    axes = figure.add_subplot()
    axes.grid(visible=True, color="0.9")
    axes.spines[["top", "right"]].set_visible(False)
    return figure, axes


def _save(figure: Figure, stem: Path) -> None:
    for kind in ("png", "svg"):
        with whole(stem.with_suffix(f".{kind}")) as part:
            figure.savefig(part, format=kind, dpi=150)
