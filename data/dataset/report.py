"""The data set's report: one HTML file with charts, to look at before training.

html = render(dataset, describe_dataset(dataset, options))
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from jinja2 import Environment, PackageLoader

from data.dataset.build import Dataset
from data.dataset.charts import COLOURS, draw_charts
from data.prompt import LANGUAGES, completion, record_lines

_LISTED = 40  # rows left out that the page names; dataset.json names all


def render(dataset: Dataset, description: dict[str, Any]) -> str:
    """The page as text; it needs nothing besides itself."""
    environment = Environment(
        loader=PackageLoader("data.dataset", "."), autoescape=True, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip
    left_out = dataset.left_out
    return environment.get_template("report.html.j2").render(
        d=description,
        parts=description["statistics"],
        colours=COLOURS,
        charts=draw_charts(dataset, description["options"]["max_tokens"]),
        reasons=Counter(row.reason for row in left_out).most_common(),
        left_out=left_out[:_LISTED],
        unlisted=max(0, len(left_out) - _LISTED),
        samples=_samples(dataset),
    )


def _samples(dataset: Dataset) -> list[dict[str, str]]:
    """One training row of each language."""
    found: dict[str, dict[str, str]] = {}
    for example in dataset.parts["train"]:
        row = example.row
        found.setdefault(
            row.request.language,
            {
                "id": row.id,
                "title": row.artwork.title,
                "asked": row.request.instruction,
                "record": "\n".join(record_lines(row.artwork, row.request.language)),
                "completion": completion(row.script),
                "language": row.request.language,
            },
        )
    return [found[language] for language in LANGUAGES if language in found]
