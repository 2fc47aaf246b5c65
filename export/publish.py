"""The folder of an exported model: verification, charts, card, Modelfile, and its catalog entry.

    from export.publish import publish
    publish(source, facts, candidates, verification, folder, console)

The entry goes into `local.toml` of the models folder, so that `guide tell --model NAME` runs it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console

from data.prompt import END, SYSTEM
from export.card import model_card
from export.chart import training_chart, verification_chart
from export.convert import Facts
from export.files import write_text
from export.source import Source
from export.verify import Candidate, Verification
from models.catalog import models_folder
from models.gguf import read_header


def publish(
    source: Source,
    facts: Facts,
    candidates: Sequence[Candidate],
    verification: Verification,
    folder: Path,
    console: Console,
) -> list[str]:
    """Write everything beside the model files, and register them if every bound is met.

    Returns:
        The names under which the catalog has them.
    """
    record = {"name": facts.name, "version": facts.version, **verification.as_dict()}
    write_text(folder / "verify.json", json.dumps(record, ensure_ascii=False, indent=2) + "\n")
    verification_chart(verification, folder / "verify")
    curves = source.run is not None and training_chart(source.run, folder / "training")
    card = model_card(facts, candidates, verification, source.run, curves=curves)
    write_text(folder / "README.md", card)
    write_text(folder / "Modelfile", modelfile(candidates[0], facts))
    if verification.failures:
        return []
    names = register(source, facts, candidates, verification)
    if names:
        console.print(f"Run it with: guide tell --model {names[0]} …", highlight=False)
    else:
        console.print(
            f"The base's GGUF is not in {models_folder()}, so the adapter has no catalog entry.",
            highlight=False,
        )
    return names


def modelfile(candidate: Candidate, facts: Facts) -> str:
    """An Ollama Modelfile; the chat template is in the GGUF, and Ollama takes it from there."""
    lines = [
        f"# ollama create {facts.name.lower()} -f Modelfile",
        f"FROM ./{candidate.path.name}",
        *([f"ADAPTER ./{candidate.adapter.name}"] if candidate.adapter else []),
        f"SYSTEM {json.dumps(SYSTEM, ensure_ascii=False)}",
        f"PARAMETER stop {json.dumps(END)}",
        "PARAMETER temperature 0.7",
        "PARAMETER top_p 0.95",
        "PARAMETER min_p 0.05",
        "PARAMETER num_ctx 4096",
        *([f"LICENSE {json.dumps(facts.licence)}"] if facts.licence else []),
    ]
    return "\n".join(lines) + "\n"


def register(
    source: Source, facts: Facts, candidates: Sequence[Candidate], verification: Verification
) -> list[str]:
    """Put entries into `local.toml`, whose other content and comments stay as they are.

    The first type has the model's own name, the others its name and their type.
    """
    import tomlkit

    path = models_folder() / "local.toml"
    document = tomlkit.parse(path.read_text("utf-8")) if path.is_file() else tomlkit.document()
    memory = {
        result.candidate.type: result.probe.memory
        for result in [
            *verification.results,
            *([verification.reference] if verification.reference else []),
        ]
    }
    names: list[str] = []
    for candidate in candidates:
        file = _relative(candidate.path)
        if file is None:
            continue
        kind = candidate.type.lower().replace(" ", "-")
        name = facts.name if not names else f"{facts.name}-{kind}"
        table = tomlkit.table()
        table.update(_entry(source, facts, candidate, file, memory[candidate.type]))
        document[name] = table
        names.append(name)
    write_text(path, tomlkit.dumps(document))
    return names


def _entry(
    source: Source, facts: Facts, candidate: Candidate, file: str, memory: int
) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "base": facts.base or facts.name,
        "description": f"exported from {source.run.path if source.run else source.name}",
        "file": file,
        "quantization": candidate.type,
        "architecture": read_header(candidate.path).architecture,
        "licence": facts.licence,
        "size": candidate.path.stat().st_size,
        "sha256": _sha256(candidate.path),
        "memory": memory,
        "examples": not facts.trained,
    }
    if candidate.adapter is not None:
        entry["adapter"] = _relative(candidate.adapter)
    return entry


def _relative(path: Path) -> str | None:
    """A path as the catalog names it, or None where it lies elsewhere."""
    # A link in the folder is as good as a file there, so links are not followed.
    folder, place = models_folder().absolute(), path.absolute()
    return place.relative_to(folder).as_posix() if place.is_relative_to(folder) else None


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
