"""`guide verify`: one file, with whatever of its run and its original can be found.

from export.checking import verify_file
verify_file("models/small-1/small-1-Q4_K_M.gguf", Path("runs/small-1"), None, console)
"""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

from rich.console import Console

from export.bounds import bounds_of
from export.convert import made_from
from export.files import write_text
from export.pipeline import REFERENCE, Options, facts_of, make_reference
from export.source import Source, corpus_rows, open_source
from export.verify import GUIDES, TEXTS, Candidate, Plan, Verification, verify
from models.catalog import models_folder
from models.gguf import read_header
from models.resolve import resolve


def verify_file(
    gguf: str,
    against: Path | None,
    reference: Path | None,
    console: Console,
    *,
    texts: int = TEXTS,
    guides: int = GUIDES,
    threads: int | None = None,
) -> tuple[Verification, Path]:
    """Verify a file, and write `FILE.verify.json` beside it.

    Args:
        gguf: path of the file, or a catalog name.
        against: the run it was made from, for its tokenizer, validation set and bounds.
        reference: its 16-bit GGUF; by default the one beside it, or one made from the run.
        console: told what is being done.
        texts: held-out guides to compare distributions over.
        guides: how many guides are written and checked.
        threads: by default the physical cores.
    """
    found = resolve(gguf, console)
    source = open_source(against, base="", name="", console=console) if against else None
    candidate = Candidate(found.path, _type(found.path), adapter=found.adapter)
    cache = models_folder() / "cache"
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache, prefix="verify-") as scratch:
        original = reference or _beside(found.path) or _made(source, Path(scratch), console)
        plan = Plan(
            source.validation() if source else corpus_rows(),
            source.tokenizer if source else None,
            bounds_of(source.run.recipe if source and source.run else None),
            Path(scratch),
            texts=texts,
            guides=guides,
            threads=threads,
        )
        verification = verify(
            [candidate],
            Candidate(original, REFERENCE, 16.0) if original else None,
            plan,
            lambda sentence: console.print(sentence, style="dim", highlight=False),
        )
    written = found.path.with_name(f"{found.path.stem}.verify.json")
    text = json.dumps(verification.as_dict(), ensure_ascii=False, indent=2)
    write_text(written, text + "\n")
    return verification, written


def _type(path: Path) -> str:
    """The type by llama.cpp's number for it in the header."""
    from export.quantize import types

    number = read_header(path).metadata.get("general.file_type", -1)
    return {value: name for name, value in types().items()}.get(int(number), path.stem)


def _beside(path: Path) -> Path | None:
    """The 16-bit file of the same export in the same folder."""
    origin = made_from(path)
    for other in sorted(path.parent.glob(f"*-{REFERENCE}.gguf")):
        if other != path and origin and made_from(other) == origin:
            return other
    return None


def _made(source: Source | None, folder: Path, console: Console) -> Path | None:
    if source is None:
        return None
    return make_reference(source, facts_of(source, Options()), folder, console)
