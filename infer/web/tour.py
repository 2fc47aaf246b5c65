"""The tour as a folder that plays by itself, on any device, with neither server nor network.

path = pack_tour(services)      # a zip; whoever asked for it removes it

Every work with the guide that visitors get of it in each language, length and style, and its sound
as MP3. The page and how it reads its data belong to `infer/web/page`.
"""

from __future__ import annotations

import tempfile
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from infer.web.page import tour_files
from infer.web.problems import ProblemError
from infer.web.shown import guide_shown
from infer.web.speaking import USUAL
from infer.web.tables import now

if TYPE_CHECKING:
    from infer.web import schemas
    from infer.web.services import Services

FOLDER = "tour"
"""What the folder in the archive is called."""


def pack_tour(services: Services) -> Path:
    """A zip of the folder, in a file of its own, so that a long tour needs no memory.

    Raises:
        ProblemError: there is no guide yet.
    """
    with tempfile.NamedTemporaryFile(suffix=".zip", delete=False) as file:
        path = Path(file.name)
        try:
            with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
                _pack(services, archive)
        except BaseException:
            path.unlink(missing_ok=True)
            raise
    return path


def _pack(services: Services, archive: zipfile.ZipFile) -> None:
    works = [_work(services, archive, work) for work in services.works.all() if work.guides]
    if not works:
        raise ProblemError(409, "No guide has been written yet; write the tour first.")
    tour = {
        "museum": services.settings.museum,
        "created": now().isoformat(timespec="seconds"),
        "works": works,
    }
    for name, content in tour_files(tour):
        archive.writestr(f"{FOLDER}/{name}", content)


def _work(services: Services, archive: zipfile.ZipFile, work: schemas.Work) -> dict[str, Any]:
    shown = work.model_dump(mode="json", exclude={"guides", "form"})
    shown["guides"] = [_guide(services, archive, found.id) for found in work.guides]
    return shown


def _guide(services: Services, archive: zipfile.ZipFile, guide_id: str) -> dict[str, Any]:
    """A guide as the API shows it, its sound beside it under the guide's id."""
    shown = guide_shown(services.guides.find(guide_id)).model_dump(mode="json")
    sound = services.guides.sound(guide_id, USUAL) if shown["audio"] else None
    shown["audio"] = shown["captions"] = None
    if sound is not None:
        shown["audio"] = f"audio/{guide_id}.{USUAL}"
        # Sound is packed already; packing it again would only take time.
        archive.writestr(f"{FOLDER}/{shown['audio']}", sound, zipfile.ZIP_STORED)
    return shown
