"""Hugging Face folder to GGUF, adapter to LoRA GGUF, with everything worth knowing in the file.

    from export.convert import convert_model
    convert_model(merged, Path("models/NAME/NAME-F16.gguf"), facts, converter)

The conversion itself is llama.cpp's. Afterwards the header is written anew with the licence, the
base, the data set, the recipe and our own keys (`museum_guide.*`).
"""

from __future__ import annotations

import logging
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from data.errors import ModelError, OutputError
from data.prompt import END
from export.files import whole
from export.sentencepiece import adds_space, ensure_model
from models.llama import TRAINED
from models.tokenizer import gguf_fields, open_gguf

if TYPE_CHECKING:
    from gguf import GGUFReader, GGUFWriter

ORIGIN = "museum_guide.origin"
"""Metadata that tells one export's files from another's: what they were made from, as a digest."""

_COPIED_AT_ONCE = 1 << 24  # bytes

LONGEST_VALUE = 100_000  # bytes of one metadata text; llama.cpp reads far longer ones


@dataclass(frozen=True, slots=True)
class Facts:
    """What a GGUF file says of itself."""

    name: str
    version: str  # of Museum Guide
    origin: str
    base: str = ""  # hub name or file
    licence: str = ""
    dataset: str = ""  # fingerprint of the rows it was trained on
    recipe: str = ""  # TOML
    trained: bool = False

    def metadata(self) -> dict[str, str | bool | int]:
        """Metadata by key; empty facts are left out."""
        texts = {
            "general.name": self.name,
            "general.license": self.licence.lower(),
            "general.description": "Writes spoken-word audio guides from museum records."
            if self.trained
            else "",
            "museum_guide.version": self.version,
            "museum_guide.end_marker": END,
            "museum_guide.base": self.base,
            "museum_guide.dataset": self.dataset,
            "museum_guide.recipe": self.recipe[:LONGEST_VALUE],
            ORIGIN: self.origin,
        }
        values: dict[str, str | bool | int] = {key: text for key, text in texts.items() if text}
        values[TRAINED] = self.trained
        if self.base:
            values["general.base_model.count"] = 1
            values["general.base_model.0.name"] = self.base.rpartition("/")[2]
            if _is_hub_name(self.base):
                values["general.base_model.0.repo_url"] = f"https://huggingface.co/{self.base}"
        return values


def convert_model(folder: Path, out: Path, facts: Facts, converter: Path) -> None:
    """Convert a Hugging Face folder to a float16 GGUF, which appears when it is whole.

    `folder` may get a `tokenizer.model` that the converter needs.

    Raises:
        ModelError: the converter refuses the model; its own last words are given.
    """
    ensure_model(folder)
    extra: dict[str, Any] = facts.metadata()
    if (space := adds_space(folder)) is not None:
        extra["tokenizer.ggml.add_space_prefix"] = space
    plain = out.with_name(f"{out.name}.plain")
    try:
        _run(
            [converter / "convert_hf_to_gguf.py", folder, "--outfile", plain, "--outtype", "f16"],
            out.with_name(f"{out.stem}-convert.log"),
            plain,
        )
        with whole(out) as part:
            write_with_metadata(plain, part, extra)
    finally:
        plain.unlink(missing_ok=True)


def convert_adapter(
    adapter: Path, base: Path, out: Path, outtype: str, facts: Facts, converter: Path
) -> None:
    """Convert a PEFT adapter to a LoRA GGUF of type f16 or q8_0.

    Args:
        adapter: the PEFT folder.
        base: Hugging Face folder of the base (its config and tokenizer are read, not its weights).
        out: the file to make.
        outtype: the converter's name of the type.
        facts: what the file says of itself.
        converter: `converter_folder`'s.

    Raises:
        ModelError: the converter refuses the adapter.
    """
    plain = out.with_name(f"{out.name}.plain")
    try:
        script = converter / "convert_lora_to_gguf.py"
        command: list[Path | str] = [
            script,
            adapter,
            "--base",
            base,
            "--outfile",
            plain,
            "--outtype",
            outtype,
        ]
        _run(command, out.with_name(f"{out.stem}-convert.log"), plain)
        with whole(out) as part:
            write_with_metadata(plain, part, facts.metadata())
    finally:
        plain.unlink(missing_ok=True)


def write_with_metadata(source: Path, out: Path, values: dict[str, Any]) -> None:
    """Copy a GGUF file with metadata added or replaced; the tensors' bytes are copied as they lie.

    Raises:
        OutputError: the file cannot be written.
    """
    import gguf

    logging.getLogger("gguf").setLevel(logging.WARNING)
    reader = open_gguf(source)
    try:
        writer = gguf.GGUFWriter(out, gguf_fields(reader)["general.architecture"])
        _copy_fields(reader, writer, values)
        for tensor in reader.tensors:
            data = tensor.data
            writer.add_tensor_info(
                tensor.name, data.shape, data.dtype, data.nbytes, tensor.tensor_type
            )
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_ti_data_to_file()
        assert writer.fout is not None
        writer.write_padding(writer.fout[0], writer.fout[0].tell())
        writer.close()
        # The tensors keep their order and alignment, hence their offsets from the first one.
        with source.open("rb") as old, out.open("ab") as new:
            old.seek(reader.data_offset)
            shutil.copyfileobj(old, new, _COPIED_AT_ONCE)
    except OSError as error:
        raise OutputError(f"{out} cannot be written: {error.strerror or error}.") from None


def _copy_fields(reader: GGUFReader, writer: GGUFWriter, values: dict[str, Any]) -> None:
    from gguf import GGUFValueType

    kinds = {bool: GGUFValueType.BOOL, int: GGUFValueType.UINT32, str: GGUFValueType.STRING}
    for name, field in reader.fields.items():
        # The writer writes these by itself.
        if name == "general.architecture" or name.startswith("GGUF.") or name in values:
            continue
        kind = field.types[0]
        inner = field.types[-1] if kind == GGUFValueType.ARRAY else None
        writer.add_key_value(name, field.contents(), kind, sub_type=inner)
    for name, value in values.items():
        writer.add_key_value(name, value, kinds[type(value)])


def made_from(path: Path) -> str:
    """The origin that a GGUF file of ours states, or an empty text for any other file."""
    if not path.is_file():
        return ""
    try:
        return str(gguf_fields(open_gguf(path), ORIGIN).get(ORIGIN, ""))
    except ModelError:
        return ""


def _run(command: list[Path | str], log: Path, wanted: Path) -> None:
    """Run one of the converter's scripts with its own gguf-py and without a network."""
    environment = {
        name: value
        for name, value in os.environ.items()
        if name not in ("NO_LOCAL_GGUF", "PYTHONPATH")
    }
    environment |= {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_VERBOSITY": "error"}
    with log.open("w", encoding="utf-8") as file:
        done = subprocess.run(
            [sys.executable, *map(str, command)],
            stdout=file,
            stderr=subprocess.STDOUT,
            env=environment,
            check=False,
        )
    if done.returncode != 0 or not wanted.is_file():
        words = [line for line in log.read_text("utf-8").splitlines() if line.strip()]
        raise ModelError(
            f"llama.cpp's converter could not convert {command[1]} "
            f"({words[-1] if words else 'it said nothing'}); all it said is in {log}."
        )
    log.unlink()


def _is_hub_name(name: str) -> bool:
    owner, slash, model = name.partition("/")
    return bool(owner and slash and model) and "/" not in model and not name.endswith(".gguf")
