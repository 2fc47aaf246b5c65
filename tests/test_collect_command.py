"""`guide collect` as a user runs it: a process of its own, exact output, real signals."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import pyarrow.parquet
import pytest

from data.artwork import Artwork
from data.collect.export import export, writer
from data.collect.judge import Wanted
from data.collect.store import Held, Store
from data.errors import OutputError
from data.records import read_records
from tests.museum_server import Reply, museum

FIXTURES = Path(__file__).parent / "fixtures" / "collect"
GUIDE = Path(sys.executable).with_name("guide")
ODD_TITLES = {
    1: "Armor (&lt;i&gt;Gusoku&lt;/i&gt;)",
    2: "老梅図襖|Old Plum",
    3: "Ice &amp;amp; Snow",
}


def fixture(name):
    return json.loads((FIXTURES / name).read_text(encoding="utf-8"))


def replies(count, **changes):
    body = fixture("met.json")
    answers = {
        f"/objects/{n}": Reply(body | {"objectID": n, "title": f"Boats {n}"} | changes)
        for n in range(1, count + 1)
    }
    listing = Reply({"total": count, "objectIDs": list(range(1, count + 1))})
    return answers | {"/objects": listing}


def met(server, *more):
    """Arguments that collect from a server of ours."""
    quick = ["--rate", "1000", "--pause", "0.03", "--contact", "test@example.org"]
    return ["collect", "met", "--base-url", server.url, *quick, *more]


def summary(run):
    return run.stderr.splitlines()[-1]


def test_collect_then_report_then_export(guide, tmp_path):
    answers = replies(4)
    del answers["/objects/2"]
    answers["/objects/3"] = Reply(fixture("met-nulls.json"))
    with museum(answers) as server:
        run = guide(*met(server))
    assert (run.returncode, run.stdout) == (0, "")
    assert summary(run) == (
        "met: 3 new or changed, 1 gone, in 5 requests; 2 wanted works held, "
        "0 objects still to fetch."
    )
    assert guide("collect", "report").stdout == (
        "met: 4 objects\n          2  kept\n          1  gone\n          1  not a painting\n"
    )
    listed = guide("collect", "report", "--list", "painting").stdout
    assert listed == "met\t3\tnot a painting\tCover\n"
    run = guide("collect", "export", "works.jsonl")
    assert (run.returncode, run.stderr.splitlines()[-2:]) == (
        0,
        ["2 works written to works.jsonl.", "  1 left out: not a painting"],
    )
    titles = [record.artwork.title for record in read_records(tmp_path / "works.jsonl")]
    assert titles == ["Boats 1", "Boats 4"]


def test_report_counts_as_json(guide):
    with museum(replies(2)) as server:
        guide(*met(server, "--limit", "1"))
    assert json.loads(guide("collect", "report", "--json").stdout) == {
        "met": {"kept": 1, "still to fetch": 1}
    }


def test_filters_are_options(guide):
    with museum(replies(2, classification="Drawings", isPublicDomain=False)) as server:
        run = guide(*met(server, "--form", "drawing", "--any-rights", "--complete"))
    assert "2 wanted works held" in summary(run)


def test_department_is_given_by_name(guide):
    departments = {"departments": [{"departmentId": 6, "displayName": "Asian Art"}]}
    with museum(replies(1) | {"/departments": Reply(departments)}) as server:
        guide(*met(server, "--department", "asian"))
        assert "/objects?departmentIds=6" in server.requests


def test_source_without_a_contact_is_told_how_to_give_one(guide):
    with museum(replies(1)) as server:
        arguments = ["collect", "met", "--base-url", server.url, "--rate", "1000"]
        assert "Give --contact" in guide(*arguments).stderr


def test_source_that_is_down_ends_in_one_sentence(guide):
    with museum(replies(3)) as server:
        server.fail_often(1.0, "500")
        run = guide(*met(server))
    assert run.returncode == 2
    assert summary(run).endswith("run the same command later to go on.")
    assert "Traceback" not in run.stderr


def test_redirect_elsewhere_is_refused(guide):
    elsewhere = Reply(b"", 302, headers={"Location": "http://169.254.169.254/latest"})
    with museum({"/objects": elsewhere}) as server:
        run = guide(*met(server))
    assert run.returncode == 2
    assert "169.254.169.254, another place, which is not followed" in summary(run)


@contextmanager
def collecting(server, folder):
    """A collector at work in a folder, in a process of its own."""
    process = subprocess.Popen(
        [str(GUIDE), *met(server)], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def wait_for(server, count):
    """Until so many objects were delivered."""
    deadline = time.monotonic() + 60
    while sum(server.delivered.values()) < count:
        assert time.monotonic() < deadline, "the collector does not get on"
        time.sleep(0.01)


def test_killed_collector_goes_on_and_loses_nothing(guide, tmp_path):
    with museum(replies(60)) as server:
        for count in (15, 30):
            with collecting(server, tmp_path) as process:
                wait_for(server, count)
                process.send_signal(signal.SIGKILL)
                assert process.wait() == -signal.SIGKILL
        run = guide(*met(server))
        assert "60 wanted works held, 0 objects still to fetch" in summary(run)
        # At most the answer that was on its way when a kill came is asked for again.
        assert sum(server.delivered.values()) <= 61 + 2
    assert guide("collect", "report").stdout == "met: 60 objects\n         60  kept\n"


def test_ctrl_c_says_what_is_kept_and_how_to_go_on(tmp_path):
    with museum(replies(500)) as server, collecting(server, tmp_path) as process:
        wait_for(server, 10)
        process.send_signal(signal.SIGINT)
        _, stderr = process.communicate(timeout=60)
    assert process.returncode == 130
    last = stderr.decode().splitlines()[-1]
    assert last.startswith("Stopped. ")
    assert last.endswith("objects of met are kept; run the same command to go on.")


def test_second_collector_is_refused(guide, tmp_path):
    with museum(replies(500)) as server, collecting(server, tmp_path):
        wait_for(server, 5)
        run = guide(*met(server))
    assert run.returncode == 2
    assert "Another collector is writing to data/raw/collect.sqlite" in summary(run)


# Tables


def test_bulk_file_is_collected_by_its_preset(guide, tmp_path):
    run = guide("collect", "csv", str(FIXTURES / "MetObjects.csv"), "--preset", "met")
    assert summary(run) == "met-csv: 3 rows read, 3 of them new or changed; 3 objects held."
    guide("collect", "export", "works.jsonl")
    artists = [record.artwork.artist for record in read_records(tmp_path / "works.jsonl")]
    assert artists == ["Mara Holt", "Attributed to Mara Holt (?) and Elsa Holt"]


def test_own_export_is_collected_by_a_mapping(guide, tmp_path):
    mapping = ["Inv.-Nr.=object_id", "Titel=title", "Künstler=artist", "Datierung=date",
               "Technik=medium", "Maße=dimensions", "Gattung=form", "Schlagworte=subjects"]  # fmt: skip
    options = [part for pair in mapping for part in ("--map", pair)]
    path = str(FIXTURES / "export-cp1252.csv")
    more = ["--encoding", "cp1252", "--name", "ours", "--museum", "Our Museum", "--complete"]
    run = guide("collect", "csv", path, *more, *options)
    assert run.returncode == 0
    guide("collect", "export", "works.jsonl")
    (record,) = read_records(tmp_path / "works.jsonl")
    assert record.artwork == Artwork(
        title="Blick über die Elbe",
        artist="Käthe Möller",
        date="um 1890",
        medium="Öl auf Leinwand",
        dimensions="42 × 61 cm",
        subjects=("Fluss", "Schiffe"),
        museum="Our Museum",
        object_id="A 17",
    )


def test_table_read_again_changes_nothing(guide):
    arguments = ["collect", "csv", str(FIXTURES / "MetObjects.csv"), "--preset", "met"]
    guide(*arguments)
    assert "0 of them new or changed" in summary(guide(*arguments))


def test_rows_that_share_a_number_are_told(guide, tmp_path):
    (tmp_path / "t.csv").write_text("id,t\n1,Ferry\n1,Boats\n", encoding="utf-8")
    run = guide("collect", "csv", "t.csv", "--map", "id=object_id", "--map", "t=title")
    assert "1 rows have the object_id of another row" in summary(run)


def test_object_of_two_sources_is_exported_once_from_the_service(guide, tmp_path):
    with museum({"/objects/1": Reply(fixture("met.json") | {"title": "Of the service"})}) as server:
        guide(*met(server, "--id", "1"))
    guide("collect", "csv", str(FIXTURES / "MetObjects.csv"), "--preset", "met")
    run = guide("collect", "export", "works.jsonl")
    titles = [record.artwork.title for record in read_records(tmp_path / "works.jsonl")]
    assert titles == ["Of the service", "Two Sisters"]
    assert "1 left out: already exported from another source" in run.stderr


# Export


@pytest.fixture
def store(tmp_path):
    """Three odd titles, subjects with the separator in them, line ends in a dimension."""
    with Store.open(tmp_path / "collect.sqlite", writing=True) as store:
        store.set_source("met", "met", Wanted().model_dump_json())
        for number, title in ODD_TITLES.items():
            changes = {"objectID": number, "title": title, "dimensions": "10 cm\r\n20 cm"}
            tags = {"tags": [{"term": "cup | mug"}, {"term": "Boats"}, {"term": "Boats"}]}
            raw = json.dumps(fixture("met.json") | changes | tags).encode()
            store.put("met", Held(str(number), raw, "", None), None)
        yield store


CLEAN_TITLES = ["Armor (Gusoku)", "Old Plum", "Ice & Snow"]


@pytest.mark.parametrize("name", ["works.jsonl", "works.csv"])
def test_export_is_clean_and_can_be_read_again(store, tmp_path, name):
    assert export(store, tmp_path / name).written == 3
    works = [record.artwork for record in read_records(tmp_path / name)]
    assert [work.title for work in works] == CLEAN_TITLES
    assert {work.dimensions for work in works} == {"10 cm\n20 cm"}
    separator = "/" if name.endswith("csv") else "|"
    assert {work.subjects for work in works} == {(f"cup {separator} mug", "Boats")}


def test_parquet_export_has_the_records_columns(store, tmp_path):
    export(store, tmp_path / "works.parquet")
    table = pyarrow.parquet.read_table(tmp_path / "works.parquet")
    assert table.column_names == list(Artwork.model_fields)
    assert table["title"].to_pylist() == CLEAN_TITLES
    assert table["subjects"].to_pylist()[0] == ["cup | mug", "Boats"]


def test_parquet_without_pyarrow_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(OutputError, match="pip install pyarrow"), writer(tmp_path / "w.parquet"):
        pass


def test_unknown_ending_is_named(tmp_path):
    with (
        pytest.raises(OutputError, match=r"must end in \.jsonl, \.csv or \.parquet"),
        writer(tmp_path / "works.xlsx"),
    ):
        pass


def interrupted_export(out):
    with writer(out) as write:
        write(Artwork(title="Ferry"))
        raise KeyboardInterrupt


@pytest.mark.parametrize("name", ["works.jsonl", "works.csv", "works.parquet"])
def test_interrupted_export_leaves_the_old_file(tmp_path, name):
    out = tmp_path / name
    out.write_text("old", encoding="utf-8")
    with pytest.raises(KeyboardInterrupt):
        interrupted_export(out)
    assert out.read_text(encoding="utf-8") == "old"
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == [name]


def test_export_of_nothing_writes_nothing(guide, tmp_path):
    with museum(replies(1, classification="Prints")) as server:
        guide(*met(server))
    run = guide("collect", "export", "works.jsonl")
    assert (run.returncode, (tmp_path / "works.jsonl").exists()) == (2, False)
    assert summary(run).startswith("guide: No work is wanted, so works.jsonl was not written")


def test_export_into_a_file_instead_of_a_folder_is_named(store, tmp_path):
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(OutputError, match=r"works\.csv cannot be written"):
        export(store, tmp_path / "file" / "works.csv")


def test_export_before_collecting_says_what_to_do(guide):
    run = guide("collect", "export", "works.jsonl")
    assert run.returncode == 2
    assert "collect something first" in run.stderr
