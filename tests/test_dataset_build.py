"""`guide dataset build` as a person runs it, and what a loader finds in its folder."""

import hashlib
import json
import shutil
import subprocess

import pytest
from filelock import FileLock

from data.artwork import Artwork, parse_artwork
from data.dataset.build import Options, build
from data.dataset.rows import Row, parse_row
from data.dataset.split import Sizes, SplitError
from data.dataset.tokens import TokenCounter
from data.dataset.write import COLUMNS
from data.prompt import CORPUS, END, Request, build_prompt
from data.prompt_version import prompt_version
from tests.conftest import GUIDE


@pytest.fixture(scope="module")
def counter(tiny):
    with TokenCounter(tiny) as counter:
        yield counter


@pytest.fixture(scope="module")
def sixty(tmp_path_factory):
    """The corpus's first rows, which tell some works several times."""
    lines = CORPUS.read_text(encoding="utf-8").split("\n")[:60]
    path = tmp_path_factory.mktemp("corpus") / "rows.jsonl"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def built(tiny, sixty, tmp_path_factory):
    folder = tmp_path_factory.mktemp("built") / "set"
    arguments = ["--corpus", sixty, "--model", tiny, "--out", folder]
    subprocess.run([GUIDE, "dataset", "build", *arguments], check=True, capture_output=True)
    return folder


@pytest.fixture
def made(built, tmp_path):
    """What the command made, in a folder that a test may change."""
    return shutil.copytree(built, tmp_path / "set")


def read(path):
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_rows_are_prompt_and_completion(made, tiny):
    from models.llama import LlamaModel

    row = read(made / "train.jsonl")[0]
    assert tuple(row) == COLUMNS
    with LlamaModel(tiny) as model:
        request = Request(row["language"], row["length"], row["style"])
        prompt = build_prompt(parse_artwork(row["artwork"]), request, model.chat_template())
    assert row["prompt"] == prompt.text
    assert row["completion"].endswith(END)


def test_no_artist_and_title_is_on_both_sides(made):
    sides = [
        {(row["artwork"]["artist"], row["artwork"]["title"]) for row in read(made / name)}
        for name in ("train.jsonl", "validation.jsonl")
    ]
    assert all(sides)
    assert not sides[0] & sides[1]


def test_training_reads_the_rows(made):
    data = pytest.importorskip("train.data")
    assert len(data.load_rows(made / "train.jsonl")) == len(read(made / "train.jsonl"))


def test_the_description_names_the_files_by_their_hash(made):
    description = json.loads((made / "dataset.json").read_text(encoding="utf-8"))
    assert set(description["files"]) == {"train.jsonl", "validation.jsonl"}
    for name, file in description["files"].items():
        content = (made / name).read_bytes()
        assert file == {
            "rows": content.count(b"\n"),
            "sha256": hashlib.sha256(content).hexdigest(),
        }


def test_nothing_unfinished_is_left(made):
    assert sorted(path.name for path in made.iterdir()) == [
        ".build.lock", "README.md", "dataset.json", "report.html", "train.jsonl",
        "validation.jsonl",
    ]  # fmt: skip


def test_the_report_needs_nothing_besides_itself(made):
    page = (made / "report.html").read_text(encoding="utf-8")
    assert page.count("<svg") == 6
    assert "<script" not in page
    assert "src=" not in page


def test_datasets_loads_the_files_as_they_are(made, tmp_path):
    datasets = pytest.importorskip("datasets")
    files = {name: str(made / f"{name}.jsonl") for name in ("train", "validation")}
    loaded = datasets.load_dataset("json", data_files=files, cache_dir=str(tmp_path / "cache"))
    assert loaded["train"].num_rows == len(read(made / "train.jsonl"))
    assert set(COLUMNS) == set(loaded["train"].column_names)
    assert loaded["validation"][0]["completion"].endswith(END)


def test_datasets_takes_the_types_of_the_folder_from_its_card(made, tmp_path):
    datasets = pytest.importorskip("datasets")
    loaded = datasets.load_dataset(str(made), cache_dir=str(tmp_path / "cache"))
    assert set(loaded) == {"train", "validation"}
    # No row of so few has a licence; without the card its type would be null.
    assert loaded["train"].features["artwork"]["licence"] == datasets.Value("string")
    assert loaded["train"][0] == read(made / "train.jsonl")[0]


def test_the_same_build_twice_is_the_same_to_the_byte(made, guide, sixty, tiny):
    before = {path.name: path.read_bytes() for path in made.iterdir()}
    guide("dataset", "build", "--corpus", str(sixty), "--model", str(tiny), "--out", "set")
    assert {path.name: path.read_bytes() for path in made.iterdir()} == before


def test_a_build_without_a_test_part_removes_an_earlier_one(made, guide, sixty):
    arguments = ("dataset", "build", "--corpus", str(sixty), "--model", "tiny", "--out", "set")
    guide(*arguments, "--test", "0.1")
    assert (made / "test.jsonl").exists()
    guide(*arguments)
    assert not (made / "test.jsonl").exists()


def test_two_builds_at_once_are_refused(guide, sixty, tmp_path):
    (tmp_path / "set").mkdir()
    with FileLock(tmp_path / "set" / ".build.lock"):
        run = guide("dataset", "build", "--corpus", str(sixty), "--out", "set")
    assert run.returncode == 2
    assert run.stderr == "guide: Another build is writing set; wait for it to end.\n"


def test_a_failed_build_leaves_the_earlier_one(made, guide, tmp_path):
    before = (made / "dataset.json").read_bytes()
    (tmp_path / "bad.jsonl").write_text("{}\n")
    run = guide("dataset", "build", "--corpus", "bad.jsonl", "--out", "set")
    assert (run.returncode, run.stdout) == (2, "")
    assert run.stderr.startswith("guide: bad.jsonl, line 1 has no id")
    assert (made / "dataset.json").read_bytes() == before


def rows(count, **fields):
    fields = {"artist": "Ann Example"} | fields
    return [
        Row(f"r{n}", Artwork(title=_word(n), **fields), Request(), f"{_word(n)} " * 9 + "ends.")
        for n in range(count)
    ]


def _word(number):
    return (
        hashlib.sha256(str(number).encode())
        .hexdigest()[:8]
        .translate(str.maketrans("0123456789", "ghijklmnop"))
    )


def test_a_row_over_the_limit_is_left_out_by_name(counter):
    long = Row("long", Artwork(title="Long"), Request(), "more and more " * 400)
    made = build([*rows(9), long], Options(), counter)
    assert [(one.id, one.reason) for one in made.left_out] == [("long", "too long")]
    assert made.left_out[0].detail.endswith(" tokens")


def test_tokens_are_those_that_training_counts(counter, tiny):
    data = pytest.importorskip("train.data")
    tokenizers = pytest.importorskip("models.tokenizer")
    row = rows(1)[0]
    counted = counter.count(row)
    tokenizer = tokenizers.gguf_tokenizer(tiny)
    trained = data.Row(row.id, row.artwork, row.request, f"{row.script}{END}")
    (tokens,) = data.tokenize_rows([trained], tokenizer, 4096)
    assert (len(tokens.input_ids), tokens.learnt) == (counted.tokens, counted.learnt)


def test_the_sizes_asked_for_are_met_exactly_and_the_rest_is_told(counter):
    made = build(rows(20), Options(sizes=Sizes(train=12, validation=5)), counter)
    assert {name: len(part) for name, part in made.parts.items()} == {"train": 12, "validation": 5}
    assert [one.reason for one in made.left_out] == ["beyond the sizes asked for"] * 3


def test_of_two_rows_with_one_id_the_first_is_kept(counter):
    twice = rows(9)
    twin = Row("r0", twice[0].artwork, twice[0].request, "Something else is said here.")
    made = build([*twice, twin], Options(), counter)
    scripts = {e.row.id: e.row.script for part in made.parts.values() for e in part}
    assert scripts["r0"] == twice[0].script
    assert [one.reason for one in made.left_out] == ["same id as an earlier row"]


def test_only_what_is_asked_for_is_taken(counter):
    french = [Row(f"f{r.id}", r.artwork, Request("fr"), r.script) for r in rows(6)]
    made = build([*rows(6), *french], Options(languages=("fr",)), counter)
    languages = {e.row.request.language for part in made.parts.values() for e in part}
    assert languages == {"fr"}


def test_nothing_left_is_one_sentence(counter):
    with pytest.raises(SplitError, match="None of 4 rows is left"):
        build(rows(4), Options(languages=("it",)), counter)


def test_the_share_of_rows_without_notes_is_met_where_scripts_allow_it(counter):
    made = build(rows(40, notes=("A bishop owned it.",)), Options(notes_dropout=0.25), counter)
    bare = [e for part in made.parts.values() for e in part if not e.row.artwork.notes]
    assert len(bare) == len(made.bare) == 10
    assert all(example.row.id.endswith("-bare") for example in bare)


def test_scripts_that_tell_their_notes_keep_them_and_the_command_says_so(guide, tiny, tmp_path):
    telling = [
        Row(f"t{n}", Artwork(title=f"Work {n}", notes=("A bishop owned it.",)), Request(),
            f"Work {n} once belonged to a bishop, who owned number {n}.")
        for n in range(12)
    ]  # fmt: skip
    path = tmp_path / "rows.jsonl"
    path.write_text("".join(json.dumps(row.as_json()) + "\n" for row in telling))
    run = guide("dataset", "build", "--corpus", path.name, "--model", str(tiny), "--out", "set",
                "--notes-dropout", "0.5", "--near", "1")  # fmt: skip
    assert run.returncode == 0, run.stderr
    assert "without their notes: 0 of the 6 rows asked for" in run.stdout
    assert "guide scripts write --without-notes" in run.stdout + run.stderr


def test_the_prompt_version_changes_with_the_prompts_wording(monkeypatch):
    before = prompt_version()
    monkeypatch.setattr("data.prompt_version.SYSTEM", "Say something else.")
    assert prompt_version() != before


def test_the_shipped_corpus_stays_under_the_default_limit(counter):
    """A sample: the longest rows by letters are the longest in tokens."""
    lines = CORPUS.read_text(encoding="utf-8").splitlines()
    longest = sorted(lines, key=len)[-20:]
    assert all(counter.count(parse_row(line, "row")).tokens <= 1024 for line in longest)
