"""What a model is told of a record: less than it holds, where more misleads.

Catalogues index some subjects rather than name them: "Wilding, Alexa", "Dante, 'La Vita Nuova'",
"Chelsea, Cremorne Gardens". Small models read such a heading as a name of somebody or something in
the picture ("the woman's name is Dante"), which no rule of the fact check can be sure of. The check
and the page keep them. Orders to the writer (infer/orders.py) are left out here and there.
"""

from __future__ import annotations

import re

from data.artwork import Artwork
from infer.orders import without_orders
from infer.terms import spoken_subject

_HEADING = re.compile(r"^(?=.*[^\W\d_a-zß-öø-ÿ])(?=.*(?:[,:;(\"“”]|['‘’]\S.*['‘’]))")


def told(artwork: Artwork) -> Artwork:
    """The record without orders, and without headings and index words among its subjects."""
    artwork, _ = without_orders(artwork)
    subjects = tuple(spoken_subject(s) for s in artwork.subjects if not _HEADING.match(s))
    if subjects == artwork.subjects:
        return artwork
    return artwork.model_copy(update={"subjects": subjects})
