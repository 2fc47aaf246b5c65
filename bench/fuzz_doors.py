"""The doors where input comes in, each as a function of bytes, and the seeds to begin from.

A door raises nothing but `GuideError`; what it asserts holds for whatever comes in.
"""

from __future__ import annotations

import json
import struct
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path

from data.artwork import Artwork
from data.attribution import read_attribution
from data.clean import clean_artwork, clean_text, clean_title
from data.collect.table import MetTable, Table, read_rows
from data.dates import parse_date
from data.derive import derived_lines
from data.dimensions import parse_all_dimensions, parse_dimensions
from data.errors import GuideError
from data.facts import Checker
from data.facts.command import _json_rows
from data.lives import parse_life
from data.prompt import LANGUAGES, ChatTemplate, Request, record_lines
from data.records import read_records
from infer.plain import PlainWriter
from infer.told import told
from models.catalog import Entry, read_entries
from models.gguf import read_header
from train.recipe import load_recipe

ROOT = Path(__file__).resolve().parents[1]
FIXTURES = ROOT / "tests" / "fixtures"
FOUND = FIXTURES / "fuzz"

Door = Callable[[bytes], None]
_FIELDS = ("title", "artist", "artist_bio", "date", "medium", "dimensions", "subjects", "notes")


def _text(data: bytes) -> str:
    return data.decode("utf-8", errors="replace")


@cache
def _folder() -> Path:
    # A folder in memory where there is one: a fuzzer writes one file a case.
    base = "/dev/shm" if Path("/dev/shm").is_dir() else None
    return Path(tempfile.mkdtemp(prefix="fuzz-", dir=base))


def _file(data: bytes, name: str) -> Path:
    path = _folder() / name
    path.write_bytes(data)
    return path


def _artwork(data: bytes) -> tuple[Artwork, str, str]:
    """A record, a language and a text from lines: the language, a line a field, the text."""
    language, *lines = _text(data).split("\n")
    fields: dict[str, object] = dict(zip(_FIELDS, lines, strict=False))
    for name in ("subjects", "notes"):
        fields[name] = str(fields.get(name, "")).split("|")
    spoken = language if language in LANGUAGES else "en"
    return clean_artwork(fields), spoken, "\n".join(lines[len(_FIELDS) :])


def _json(data: bytes) -> None:
    list(read_records(_file(data, "records.json")))


def _jsonl(data: bytes) -> None:
    list(read_records(_file(data, "records.jsonl")))


def _csv(data: bytes) -> None:
    list(read_records(_file(data, "records.csv")))


def _clean(data: bytes) -> None:
    text = _text(data)
    cleaned = clean_text(text)
    assert cleaned is None or clean_text(cleaned) in (cleaned, None), "cleaning twice changes more"
    clean_title(text)


def _dates(data: bytes) -> None:
    dating = parse_date(_text(data))
    if dating is not None and dating.earliest is not None and dating.latest is not None:
        assert dating.earliest <= dating.latest, "a date that ends before it begins"


def _dimensions(data: bytes) -> None:
    parse_dimensions(_text(data))
    for size in parse_all_dimensions(_text(data)):
        for value in (size.height, size.width, size.depth):
            assert value is None or 0 < value < 1e6, "a size that no museum has"


def _lives(data: bytes) -> None:
    parse_life(_text(data))


def _artists(data: bytes) -> None:
    read_attribution(_text(data))


def _prompt(data: bytes) -> None:
    artwork, language, _ = _artwork(data)
    derived_lines(artwork, language)
    text = "\n".join(record_lines(told(artwork), language))
    for token in ("<|", "</s>", "<s>", "[INST]", "[/INST]", "<END>"):
        assert token not in text, f"{token} reaches the prompt"


def _check(data: bytes) -> None:
    artwork, language, text = _artwork(data)
    report = Checker(artwork, language).check(text, length="brief")
    for claim in report.claims:
        assert 0 <= claim.start <= claim.end <= len(text), "a claim outside its text"


def _plain(data: bytes) -> None:
    artwork, language, _ = _artwork(data)
    words = PlainWriter(artwork, Request(language)).guide()  # type: ignore[arg-type]
    assert words, "a guide without a sentence"


def _check_file(data: bytes) -> None:
    for _ in _json_rows(_text(data), "guides.jsonl", None):
        pass


def _table(data: bytes) -> None:
    path = _file(data, "table.csv")
    mapping = {"Title": "title", "Künstler": "artist", "Date": "date", "Tags": "subjects"}
    for reader in (Table("ours", mapping), MetTable()):
        for _, _, row in read_rows(path):
            work = reader.read(row)
            clean_artwork(work.fields)


def _catalog(data: bytes) -> None:
    for entry in read_entries(_file(data, "local.toml"), Entry).values():
        assert all(str(source) for source in entry.sources)


def _recipe(data: bytes) -> None:
    load_recipe(str(_file(data, "recipe.toml")), ["seed=1"])


def _gguf(data: bytes) -> None:
    read_header(_file(data, "model.gguf"))


def _template(data: bytes) -> None:
    ChatTemplate(_text(data)).render([{"role": "user", "content": "a question"}] * 2)


DOORS: dict[str, Door] = {
    "json": _json,
    "jsonl": _jsonl,
    "csv": _csv,
    "clean": _clean,
    "dates": _dates,
    "dimensions": _dimensions,
    "lives": _lives,
    "artists": _artists,
    "prompt": _prompt,
    "check": _check,
    "check-file": _check_file,
    "plain": _plain,
    "table": _table,
    "catalog": _catalog,
    "recipe": _recipe,
    "gguf": _gguf,
    "template": _template,
}


def attack(door: str, data: bytes) -> None:
    """One case: the door answers, or says in a sentence why it does not."""
    try:
        DOORS[door](data)
    except GuideError as error:
        if not str(error).strip():
            raise ValueError("an error without a sentence") from error


@cache
def seeds(door: str) -> list[bytes]:
    """Real input to begin from: fixtures of the tests, shipped files, rows of the corpus."""
    if door in ("dates", "dimensions"):
        lines = (FIXTURES / f"{door}.jsonl").read_text(encoding="utf-8").splitlines()
        return [json.loads(line)["text"].encode() for line in lines]
    if door == "catalog":
        return [(ROOT / "models" / "catalog.toml").read_bytes()]
    if door == "recipe":
        return [path.read_bytes() for path in sorted((ROOT / "train" / "recipes").glob("*.toml"))]
    if door == "gguf":
        return [_header()]
    if door == "template":
        from tests.test_hostile_template import HOSTILE

        return [source[:2000].encode() for source in HOSTILE.values()]
    if door == "table":
        return [
            (FIXTURES / "collect" / "MetObjects.csv").read_bytes()[:3000],
            b"Title;Date\nA;1900\n",
        ]
    with (ROOT / "data" / "corpus" / "guides.jsonl").open(encoding="utf-8") as file:
        rows = [json.loads(line) for line, _ in zip(file, range(600), strict=False)][::15]
    return [seed for row in rows for seed in _seeds_of(door, row)]


def _seeds_of(door: str, row: dict[str, object]) -> list[bytes]:
    artwork = row["artwork"]
    assert isinstance(artwork, dict)
    if door in ("json", "jsonl"):
        return [json.dumps(artwork, ensure_ascii=False).encode()]
    if door == "check-file":
        return [json.dumps(row, ensure_ascii=False).encode()]
    if door == "csv":
        cells = {k: "|".join(v) if isinstance(v, list) else v for k, v in artwork.items()}
        quoted = ['"' + str(v).replace('"', '""') + '"' for v in cells.values()]
        return [(",".join(cells) + "\n" + ",".join(quoted) + "\n").encode()]
    if door == "lives":
        return [str(artwork.get("artist_bio", "1850–1900")).encode()]
    if door == "artists":
        return [str(artwork.get("artist", "Attributed to A. Person")).encode()]
    if door == "clean":
        return [str(artwork["title"]).encode(), b"&amp;lt;i&gt;A&lt;/i&gt;|\xc3\x83\xc2\xa9"]
    lines = [str(row["language"])]
    for name in _FIELDS:
        value = artwork.get(name, "")
        lines.append("|".join(value) if isinstance(value, list) else str(value))
    return ["\n".join([*lines, str(row["script"])]).replace("\r\n", " ").encode()]


def _header() -> bytes:
    """A small GGUF header: version 3, one tensor, two texts and an array."""

    def text(value: bytes) -> bytes:
        return struct.pack("<Q", len(value)) + value

    body = b"GGUF" + struct.pack("<IQQ", 3, 1, 3)
    body += text(b"general.architecture") + struct.pack("<I", 8) + text(b"qwen2")
    body += text(b"general.type") + struct.pack("<I", 8) + text(b"model")
    body += text(b"tokenizer.ggml.tokens") + struct.pack("<IIQ", 9, 8, 1) + text(b"a")
    return body + bytes(64)
