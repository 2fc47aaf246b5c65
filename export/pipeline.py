"""The export as a whole: merge, convert, quantize, verify, publish; each step done once.

    from export.pipeline import Options, export
    verification = export(source, Options(types=["Q4_K_M", "Q8_0"], imatrix=True), console)

Every file says in its metadata what it was made from, so a run that was interrupted goes on where
it stopped, and nothing half-made has a final name.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from data.errors import ExportError, OutputError
from data.prompt import build_prompt
from export import imatrix, merge
from export.bounds import bounds_of
from export.convert import Facts, convert_adapter, convert_model, made_from
from export.converter import Tell, converter_folder, converter_version
from export.files import check_disk
from export.publish import publish
from export.quantize import WEIGHED, Importance, planned_size, quantize
from export.source import Source, export_folder, find_reference_gguf
from export.unsloth import can_merge, merge_by_unsloth
from export.verify import GUIDES, TEXTS, Candidate, Plan, Verification, verify
from models.catalog import models_folder
from models.llama import LlamaModel
from models.tokenizer import gguf_fields, open_gguf

REFERENCE = "F16"
IMPORTANCE_ROWS = 64  # some 20,000 tokens: minutes for a 1.5B model on two cores


@dataclass(frozen=True, slots=True)
class Options:
    """What to make of a source."""

    types: tuple[str, ...] = ("Q4_K_M",)
    imatrix: bool = False
    trained: bool | None = None  # None: it is when it has an adapter
    keep_reference: bool = False
    texts: int = TEXTS
    guides: int = GUIDES
    threads: int | None = None
    version: str = ""


def export(source: Source, options: Options, console: Console) -> Verification:
    """Make, verify and register the merged model in every type asked for.

    Raises:
        ModelError: a step cannot be done; its sentence says why.
        OutputError: the disk is too small, or another process exports the same name.
        ExportError: a bound is missed; the files stay, the catalog entry is not made.
    """
    with _locked(source.name) as folder:
        facts = facts_of(source, options)
        _check_room(source, options, folder)
        reference = make_reference(source, facts, folder, console)
        weights = _importance(source, options, reference, facts, folder, console)
        candidates = [
            _quantized(reference, name, weights, facts, folder, options, console)
            for name in options.types
            if name != REFERENCE
        ]
        original = Candidate(reference, REFERENCE, 16.0)
        plan = _plan(source, options, folder)
        verification = verify(candidates, original, plan, _teller(console))
        made = [*candidates, *([original] if REFERENCE in options.types else [])]
        publish(source, facts, made, verification, folder, console)
        shutil.rmtree(folder / "work", ignore_errors=True)
        _raise_if_missed(verification, folder)
        if REFERENCE not in options.types and not options.keep_reference:
            reference.unlink()
        return verification


def export_adapter(
    source: Source, outtype: str, options: Options, console: Console
) -> Verification:
    """Make, verify and register the adapter alone, as a LoRA GGUF for the base's own GGUF.

    Raises:
        ModelError: there is no adapter, or no GGUF of its base.
        ExportError: a bound is missed.
    """
    if source.adapter is None:
        raise OutputError(f"{source.name} has no adapter; leave out --adapter-only.")
    base = find_reference_gguf(source, console)
    with _locked(source.name) as folder:
        facts = facts_of(source, options)
        name = outtype.upper()
        out = folder / f"{source.name}-adapter-{name}.gguf"
        if made_from(out) != facts.origin:
            console.print(f"Converting the adapter to {name} …", highlight=False)
            converter = converter_folder(models_folder() / "cache", _teller(console))
            convert_adapter(source.adapter, source.base, out, outtype, facts, converter)
        reference = folder / f"{source.name}-{REFERENCE}.gguf"
        original = (
            Candidate(reference, REFERENCE, 16.0) if made_from(reference) == facts.origin else None
        )
        candidate = Candidate(base, f"adapter {name}", adapter=out)
        plan = _plan(source, options, folder)
        verification = verify([candidate], original, plan, _teller(console))
        publish(source, facts, [candidate], verification, folder, console)
        shutil.rmtree(folder / "work", ignore_errors=True)
        _raise_if_missed(verification, folder)
        return verification


def facts_of(source: Source, options: Options) -> Facts:
    """What the exported files say of themselves."""
    trained = source.adapter is not None if options.trained is None else options.trained
    return Facts(
        name=source.name,
        version=options.version,
        origin=source.origin(converter_version(), str(trained)),
        base=source.base_label,
        licence=source.licence,
        dataset=source.dataset,
        recipe=source.recipe,
        trained=trained,
    )


def export_merged(source: Source, console: Console) -> Path:
    """The merged 16-bit weights as a Hugging Face folder; one that is there is kept.

    Raises:
        ModelError: they cannot be merged.
        OutputError: another process exports the same name.
    """
    with _locked(source.name) as folder:
        out, half = folder / "merged", folder / "work" / "merged"
        if out.is_dir():
            console.print(f"{out} is already here.", style="dim", highlight=False)
            return out
        shutil.rmtree(half, ignore_errors=True)
        half.parent.mkdir(parents=True, exist_ok=True)
        _merge(source, half, console)
        half.rename(out)
        shutil.rmtree(folder / "work", ignore_errors=True)
        return out


def make_reference(source: Source, facts: Facts, folder: Path, console: Console) -> Path:
    """The merged model as a 16-bit GGUF in `folder`; one made from the same is kept."""
    out = folder / f"{source.name}-{REFERENCE}.gguf"
    if made_from(out) == facts.origin:
        console.print(f"{out.name} is already here.", style="dim", highlight=False)
        return out
    converter = converter_folder(models_folder() / "cache", _teller(console))
    merged = folder / "work" / f"merged-{facts.origin}"
    if not merged.is_dir():
        shutil.rmtree(folder / "work", ignore_errors=True)
        merged.parent.mkdir(parents=True)
        _merge(source, merged, console)
    with console.status("Converting to GGUF …"):
        convert_model(merged, out, facts, converter)
    shutil.rmtree(merged)
    return out


def _merge(source: Source, out: Path, console: Console) -> None:
    if can_merge(source.run) and source.adapter and source.tokenizer:
        console.print("Merging by Unsloth, which trained it …", style="dim", highlight=False)
        merge_by_unsloth(source.base, source.adapter, source.tokenizer, out)
        return
    label = "Merging the adapter" if source.adapter else "Reading the weights"
    with _progress(console) as bar:
        task = bar.add_task(label)
        merge.merge(
            source.base,
            source.adapter,
            out,
            tokenizer=source.tokenizer,
            advance=lambda done, all_: bar.update(task, completed=done, total=all_),
        )


def _importance(
    source: Source,
    options: Options,
    reference: Path,
    facts: Facts,
    folder: Path,
    console: Console,
) -> Importance | None:
    if not options.imatrix:
        return None
    out = folder / f"{source.name}-imatrix.gguf"
    if made_from(out) == facts.origin:
        return imatrix.load(out)
    rows = source.training(IMPORTANCE_ROWS)
    with LlamaModel(reference) as model:
        template = model.chat_template()
        texts = [
            model.tokenize(build_prompt(row.artwork, row.request, template).text + row.completion)
            for row in rows
        ]
    label = "Weighing the columns"
    with _progress(console) as bar:
        task = bar.add_task(label, total=len(texts))
        importance = imatrix.compute(
            reference,
            texts,
            threads=options.threads,
            advance=lambda done: bar.update(task, completed=done),
        )
    imatrix.save(importance, len(texts), sum(map(len, texts)), out, facts.origin)
    return importance


def _quantized(
    reference: Path,
    name: str,
    importance: Importance | None,
    facts: Facts,
    folder: Path,
    options: Options,
    console: Console,
) -> Candidate:
    out = folder / f"{facts.name}-{name}.gguf"
    if made_from(out) == facts.origin and _is_weighed(out) == (importance is not None):
        console.print(f"{out.name} is already here.", style="dim", highlight=False)
        return Candidate(out, name, out.stat().st_size * 16 / reference.stat().st_size)
    check_disk(folder, planned_size(reference, name), out.name)
    with _progress(console) as bar:
        task = bar.add_task(f"Quantizing to {name}")
        made = quantize(
            reference,
            out,
            name,
            importance=importance,
            threads=options.threads or 0,
            advance=lambda done, all_: bar.update(task, completed=done, total=all_),
        )
    if made.fallbacks:
        listed = ", ".join(f"{count} × {change}" for change, count in made.fallbacks.items())
        console.print(
            f"{name}: rows that its blocks do not divide are of another type ({listed}).",
            highlight=False,
        )
    return Candidate(out, name, made.bits, made.fallbacks)


def _is_weighed(path: Path) -> bool:
    return WEIGHED in gguf_fields(open_gguf(path), WEIGHED)


def _plan(source: Source, options: Options, folder: Path) -> Plan:
    work = folder / "work"
    work.mkdir(exist_ok=True)
    tokenizer = source.tokenizer or source.base
    return Plan(
        source.validation(),
        tokenizer if (tokenizer / "tokenizer.json").is_file() else None,
        bounds_of(source.run.recipe if source.run else None),
        work,
        texts=options.texts,
        guides=options.guides,
        threads=options.threads,
    )


def _check_room(source: Source, options: Options, folder: Path) -> None:
    """Before hours of work: merged weights, the 16-bit GGUF twice, and each type."""
    stored = sum(path.stat().st_size for path in set(merge.weight_files(source.base).values()))
    share = sum(_expected_bits(name) for name in options.types) / 16
    needed = int(stored * (3 + share))
    done = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    check_disk(folder, max(needed - done, 0), f"Exporting {source.name}")


def _expected_bits(name: str) -> float:
    """Bits a weight of a type, on the large side; the exact size is known once there is a GGUF."""
    digits = "".join(letter for letter in name if letter.isdigit() or letter == "_")
    return float(digits.partition("_")[0] or 4) + 1.5


def _raise_if_missed(verification: Verification, folder: Path) -> None:
    if faults := verification.failures:
        raise ExportError(
            f"The exported model is not good enough: {'; '.join(faults)}. Its files are in "
            f"{folder}, where verify.json has the figures; it was not put into the catalog."
        )


@contextmanager
def _locked(name: str) -> Iterator[Path]:
    folder = export_folder(name)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with FileLock(folder / ".lock", blocking=False):
            yield folder
    except Timeout:
        raise OutputError(
            f"Another process is exporting {name}; wait until it has finished, or choose another "
            "--name."
        ) from None
    except OSError as error:
        raise OutputError(
            f"{folder} cannot be written: {error.strerror or error}; make room and leave to write "
            "there, or set GUIDE_MODELS to another folder."
        ) from None


def _progress(console: Console) -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TimeElapsedColumn(),
        console=console,
        transient=True,
    )


def _teller(console: Console) -> Tell:
    return lambda sentence: console.print(sentence, style="dim", highlight=False)
