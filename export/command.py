"""`guide export`, `guide verify` and `guide publish`.

guide export runs/small-1 --quantize Q4_K_M,Q8_0 --imatrix
guide verify models/small-1/small-1-Q4_K_M.gguf --against runs/small-1
guide publish small-1 --repo me/museum-guide-small
"""

from __future__ import annotations

import json
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console

from data.errors import ExportError, ModelError

if TYPE_CHECKING:
    from export.verify import Verification

_SETTINGS = {"help_option_names": ["-h", "--help"]}
_threads = click.option(
    "--threads", type=click.IntRange(1), default=None, help="[default: the physical cores]"
)
_texts = click.option(
    "--texts", type=click.IntRange(1), default=20, show_default=True,
    help="Held-out guides over which distributions are compared.",
)  # fmt: skip
_guides = click.option(
    "--guides", type=click.IntRange(1), default=10, show_default=True,
    help="Guides that are written and checked.",
)  # fmt: skip


@click.command(context_settings=_SETTINGS)
@click.argument("source", metavar="RUN|ADAPTER|FOLDER|FILE.gguf")
@click.option(
    "--quantize", "types", default="Q4_K_M", show_default=True, metavar="TYPES",
    help="llama.cpp's types, with commas between; the first gets the model's name.",
)  # fmt: skip
@click.option("--name", default="", help="Name of the model.  [default: the run's]")
@click.option("--base", default="", help="Base of a bare adapter: folder, hub or catalog name.")
@click.option(
    "--imatrix", is_flag=True, help="Weigh columns by corpus prompts: better below 6 bit."
)
@click.option(
    "--adapter-only", type=click.Choice(["f16", "q8_0"]), default=None,
    help="Only the adapter, for the base's own GGUF.",
)  # fmt: skip
@click.option(
    "--trained/--untrained", default=None,
    help="Whether it needs no examples in its prompts.  [default: if it has an adapter]",
)  # fmt: skip
@click.option(
    "--merged", is_flag=True, help="Only the merged 16-bit weights as a folder, for vLLM."
)
@click.option("--keep-16bit", is_flag=True, help="Keep the 16-bit GGUF, to add types sooner.")
@_texts
@_guides
@_threads
def export(
    source: str,
    types: str,
    name: str,
    base: str,
    imatrix: bool,
    adapter_only: str | None,
    trained: bool | None,
    merged: bool,
    keep_16bit: bool,
    texts: int,
    guides: int,
    threads: int | None,
) -> None:
    """Make verified GGUF files of a training run, and register them for guide tell."""
    from export import pipeline
    from export.quantize import needs_importance, parse_types
    from export.source import check_name, open_source

    chosen = parse_types(types)
    if not imatrix and (needing := [one for one in chosen if needs_importance(one)]):
        raise ModelError(
            f"{', '.join(needing)} can only be made with an importance matrix; add --imatrix."
        )
    options = pipeline.Options(
        types=tuple(chosen),
        imatrix=imatrix,
        trained=trained,
        keep_reference=keep_16bit,
        texts=texts,
        guides=guides,
        threads=threads,
        version=version("museum-guide"),
    )
    console = Console(stderr=True)
    opened = open_source(Path(source), base=base, name=name, console=console)
    check_name(opened.name)
    if merged:
        click.echo(pipeline.export_merged(opened, console))
        return
    if adapter_only:
        verification = pipeline.export_adapter(opened, adapter_only, options, console)
    else:
        verification = pipeline.export(opened, options, console)
    _show(verification)


@click.command(context_settings=_SETTINGS)
@click.argument("gguf", metavar="FILE.gguf|NAME")
@click.option("--against", type=click.Path(path_type=Path), help="The run it was made from.")
@click.option(
    "--reference", type=click.Path(path_type=Path), default=None,
    help="Its 16-bit GGUF.  [default: the one beside it, or made from the run]",
)  # fmt: skip
@_texts
@_guides
@_threads
def verify(
    gguf: str,
    against: Path | None,
    reference: Path | None,
    texts: int,
    guides: int,
    threads: int | None,
) -> None:
    """Check a GGUF file's tokens, distributions, guides, speed and memory."""
    from export.checking import verify_file

    console = Console(stderr=True)
    verification, written = verify_file(
        gguf, against, reference, console, texts=texts, guides=guides, threads=threads
    )
    console.print(f"The figures are in {written}.", style="dim", highlight=False)
    _show(verification)
    if faults := verification.failures:
        raise ExportError(f"{gguf} is not good enough: {'; '.join(faults)}.")


@click.command(context_settings=_SETTINGS)
@click.argument("name")
@click.option("--repo", required=True, metavar="OWNER/NAME", help="Repository of the model hub.")
@click.option("--upload", "really", is_flag=True, help="Upload; without it nothing is sent.")
@click.option("--public", is_flag=True, help="A repository that is made is public.")
def publish(name: str, repo: str, really: bool, public: bool) -> None:
    """Upload an exported model with its card to the model hub."""
    from export import hub
    from export.files import gigabytes
    from export.source import export_folder

    folder = export_folder(name)
    files = hub.files_of(folder)
    failures = json.loads((folder / "verify.json").read_text("utf-8"))["failures"]
    if failures:
        raise ExportError(f"{name} did not pass its verification: {'; '.join(failures)}.")
    for path in files:
        click.echo(f"{gigabytes(path.stat().st_size):>10}  {path.name}")
    if not really:
        click.echo(f"Nothing was sent; add --upload to send these {len(files)} files to {repo}.")
        return
    click.echo(hub.upload(folder, repo, private=not public))


def _show(verification: Verification) -> None:
    from export.table import LEGEND, terminal_table

    console = Console(width=None if Console().is_terminal else 120)
    console.print(terminal_table(verification))
    tokens: Any = verification.tokens
    if tokens:
        console.print(
            f"Tokens: {tokens.rows - tokens.different} of {tokens.rows} validation rows as in "
            "training.",
            highlight=False,
        )
    console.print(LEGEND, style="dim", highlight=False)
