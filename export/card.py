"""The model card: what a stranger needs to judge the model and to run it.

from export.card import model_card
Path("README.md").write_text(model_card(facts, candidates, verification, run, curves=True))
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from jinja2 import Environment, StrictUndefined

from data.artwork import parse_artwork
from data.prompt import END, SYSTEM, ChatTemplate, Request, build_prompt
from export.convert import Facts
from export.table import LEGEND, markdown_table
from export.verify import Candidate, Verification
from train.run import Run

_TEMPLATE = Path(__file__).with_name("card.md.j2")
_EXAMPLE = {
    "title": "Girl with a Pearl Earring",
    "artist": "Johannes Vermeer",
    "artist_bio": "Dutch, 1632–1675",
    "date": "c. 1665",
    "medium": "oil on canvas",
    "dimensions": "44.5 × 39 cm",
}


def model_card(
    facts: Facts,
    candidates: Sequence[Candidate],
    verification: Verification,
    run: Run | None,
    *,
    curves: bool,
) -> str:
    """Markdown with the hub's front matter.

    Args:
        facts: what the files say of themselves.
        candidates: the files in the folder, the recommended one first.
        verification: their verification.
        run: the training run, if it is one of ours.
        curves: whether `training.png` lies beside the card.
    """
    # The card is Markdown and not HTML, and its values are our own.
    environment = Environment(  # noqa: S701
        trim_blocks=True, lstrip_blocks=True, undefined=StrictUndefined, keep_trailing_newline=True
    )
    template = environment.from_string(_TEMPLATE.read_text("utf-8"))
    return template.render(
        facts=facts,
        hub_base=facts.base if "/" in facts.base and not facts.base.endswith(".gguf") else "",
        files=[(c.adapter or c.path).name for c in candidates],
        base_file=candidates[0].path.name if candidates[0].adapter else "",
        fallbacks=[(c.type, c.fallbacks) for c in candidates if c.fallbacks],
        table=markdown_table(verification),
        legend=LEGEND,
        verification=verification,
        chart=any(result.distance for result in verification.results),
        run=run,
        curves=curves,
        system=SYSTEM,
        end=END,
        example=_example_message(),
    )


def _example_message() -> str:
    """The user message of one work, as any chat client would send it."""
    only_message = ChatTemplate("{{ messages[-1]['content'] }}")
    return build_prompt(parse_artwork(_EXAMPLE, "the card's example"), Request(), only_message).text
