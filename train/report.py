"""The report of a run: `report.html` to look at, `report.md` to read or paste.

from train.report import write_report
write_report(load_run(Path("runs/small-1")))
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader

from train.recipe import as_toml
from train.run import Run, write_whole

TEMPLATE = "report.html.j2"


def write_report(run: Run) -> Path:
    """Write both forms of the report into the run folder; returns the page's path."""
    from train.charts import draw_charts

    lines = list(run.metrics())
    environment = Environment(loader=FileSystemLoader(Path(__file__).parent), autoescape=True)
    page = environment.get_template(TEMPLATE).render(
        info=run.info,
        recipe=run.recipe,
        tiles=_tiles(run),
        charts=draw_charts(lines),
        told=_told(lines),
        facts=_facts(run),
        toml=as_toml(run.recipe),
    )
    path = run.path / "report.html"
    write_whole(path, page)
    write_whole(run.path / "report.md", _markdown(run, lines))
    return path


def _tiles(run: Run) -> list[tuple[str, str, str]]:
    """Label, figure and unit of what one wants to know first."""
    info = run.info
    tiles = []
    if info.best:
        tiles.append(("held-out loss", f"{info.best.loss:.3f}", f"best, at step {info.best.step}"))
        for style, loss in info.best.by_style.items():
            tiles.append((f"{style} register", f"{loss:.3f}", "held-out loss there"))
    if "train_loss" in info.final:
        tiles.append(("training loss", f"{info.final['train_loss']:.3f}", "mean of the last steps"))
    if "seconds" in info.final:
        tiles.append(("time", _minutes(info.final["seconds"]), f"{info.steps:,} steps"))
    if "tokens_per_second" in info.final:
        speed = f"{info.final['tokens_per_second']:,.0f}"
        tiles.append(("speed", speed, "tokens a second"))
    if "peak_memory" in info.final:
        memory = f"{info.final['peak_memory'] / 1e9:.2f} GB"
        tiles.append(("peak memory", memory, f"on {info.hardware.name}"))
    return tiles


def _told(lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [
        {
            "number": f"{line['epoch']:g}",
            "samples": line["samples"],
            "clean": sum(not sample["unsupported"] for sample in line["samples"]),
        }
        for line in lines
        if line.get("samples")
    ]


def _facts(run: Run) -> list[tuple[str, str]]:
    info = run.info
    prints = ", ".join(f"{name} {value[:16]}…" for name, value in info.data.fingerprint.items())
    return [
        ("Base", f"{info.base.base or info.base.gguf} ({info.base.licence}), from {_source(run)}"),
        ("Trained weights", f"{info.trained:,}"),
        (
            "Data",
            (
                f"{info.data.train_rows:,} rows, {info.data.train_tokens:,} tokens, longest "
                f"{info.data.longest}; {info.data.validation_rows:,} rows held out"
            ),
        ),
        ("Fingerprints", prints),
        ("Hardware", f"{info.hardware.devices} × {info.hardware.name}; {info.hardware.system}"),
        ("Versions", ", ".join(f"{name} {v}" for name, v in info.versions.items())),
        ("Finished", info.finished or "no"),
    ]


def _source(run: Run) -> str:
    named = {"hub": "the hub", "folder": "a folder", "gguf": "its GGUF, dequantized"}
    return named.get(run.info.base.source, run.info.base.source)


def _markdown(run: Run, lines: list[dict[str, Any]]) -> str:
    parts = [f"# {run.info.name}\n"]
    if run.info.note:
        parts.append(f"Stopped: {run.info.note}\n")
    parts += [f"- {label}: {value} ({unit})" for label, value, unit in _tiles(run)]
    parts += [f"- {label}: {value}" for label, value in _facts(run)]
    held_out = [line for line in lines if "eval_loss" in line]
    if held_out:
        keys = [key for key in held_out[0] if key.startswith("eval_")]
        parts.append("\n| step | " + " | ".join(keys) + " |")
        parts.append("|---" * (len(keys) + 1) + "|")
        for line in held_out:
            cells = " | ".join(f"{line[key]:.4f}" for key in keys)
            parts.append(f"| {line['step']} | {cells} |")
    for epoch in _told(lines):
        total = len(epoch["samples"])
        parts.append(
            f"\n## Told after epoch {epoch['number']}: {epoch['clean']} of {total} clean\n"
        )
        for sample in epoch["samples"]:
            faults = "; ".join(sample["reasons"]) or "no unsupported claim"
            parts.append(f"**{sample['title']}** ({sample['request']}): {sample['text']}")
            parts.append(f"*{faults}*\n")
    parts.append(f"\n```toml\n{as_toml(run.recipe)}```\n")
    return "\n".join(parts)


def _minutes(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.1f} min"
