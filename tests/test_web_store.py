"""The store: migrations, SQLite and PostgreSQL, one store for several servers."""

import sqlite3
import threading

import pytest
import sqlalchemy
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from infer.web.store import Store, StoreError
from infer.web.tables import Base
from tests.postgres import binaries, postgres
from tests.web import WORKS, Site, serving


@pytest.fixture(scope="module")
def server():
    if binaries() is None:
        pytest.skip("PostgreSQL is not installed")
    with postgres() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request, tmp_path):
    """An empty store of either kind."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'store.sqlite'}"
        return
    server = request.getfixturevalue("server")
    name = f"test_{abs(hash(str(tmp_path)))}"
    engine = sqlalchemy.create_engine(
        server.replace("postgresql:", "postgresql+psycopg:"), isolation_level="AUTOCOMMIT"
    )
    with engine.connect() as connection:
        connection.execute(sqlalchemy.text(f"CREATE DATABASE {name}"))
    engine.dispose()
    yield server.rpartition("/")[0] + f"/{name}"


def test_migrations_lead_to_the_tables_of_the_code(url):
    store = Store.open(url)
    with store.engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"version_table": "guide_version", "compare_type": True}
        )
        assert compare_metadata(context, Base.metadata) == []
    store.close()


def test_store_is_opened_again_with_what_it_holds(url, tmp_path):
    with serving(tmp_path, store=url) as site:
        work_id = site.add(0, 7)
        first = site.post("/api/guides", {"work_id": work_id}).json()
    with serving(tmp_path, store=url) as site:
        events = list(site.events({"work_id": work_id}))
        assert events[0][1]["stored"] is True
        assert events[-1][1] == first


def test_whole_journey_of_a_curator_on_either_store(url, tmp_path):
    with serving(tmp_path, store=url) as site:
        site.log_in()
        work = site.post("/api/curator/works", {"stop": 7, "artwork": WORKS[2]}).json()
        guide = site.post("/api/guides", {"work_id": work["id"], "seed": 4294967295}).json()
        assert guide["seed"] == 4294967295
        where = f"/api/curator/guides/{guide['id']}"
        assert site.put(where, {"text": "Look at the grass."}).json()["label"] == "edited"
        assert len(site.get(f"{where}/history").json()["history"]) == 2
        assert site.get("/api/works?q=durer").json()["works"][0]["guides"][0]["label"] == "edited"
        assert site.get("/api/curator/export").status_code == 200
        assert site.delete(f"/api/curator/works/{work['id']}").status_code == 204
        assert site.get(f"/api/guides/{guide['id']}").status_code == 404


def test_several_processes_may_open_a_new_store_at_once(url):
    opened, errors = [], []

    def open_store() -> None:
        try:
            opened.append(Store.open(url))
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=open_store) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    for store in opened:
        store.close()


def test_servers_on_one_store_share_guides_sessions_and_keys(url, tmp_path):
    with serving(tmp_path, store=url) as one, serving(tmp_path, store=url) as two:
        one.log_in()
        other = Site(two.services, two.port)
        other.browser.cookies.update(one.browser.cookies.get_dict())
        other.browser.headers["X-CSRF-Token"] = one.browser.headers["X-CSRF-Token"]
        work = other.post("/api/curator/works", {"artwork": WORKS[0]}).json()
        guide = one.post("/api/guides", {"work_id": work["id"]}).json()
        assert list(other.events({"work_id": work["id"]}))[-1][1] == guide
        signed = one.services.cookies.sign("name", "value")
        assert two.services.cookies.read("name", signed) == "value"
        assert two.services.cookies.read("another", signed) is None


def test_sqlite_store_lets_visitors_read_while_a_guide_is_written(tmp_path):
    store = Store.open(f"sqlite:///{tmp_path / 'store.sqlite'}")
    with store.engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
    with store.writing() as writing:
        writing.execute(sqlalchemy.text("DELETE FROM works"))
        with store.reading() as reading:
            assert reading.execute(sqlalchemy.text("SELECT count(*) FROM works")).scalar() == 0
    store.close()


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("nonsense", "is no address of a store"),
        ("mysql://localhost/x", "SQLite or PostgreSQL, not mysql"),
        ("sqlite://", "has to be a file"),
        ("sqlite:////no/such/folder/x.sqlite", "There is no folder /no/such/folder"),
        ("postgresql://guide:secret@127.0.0.1:1/x", "cannot be used"),
    ],
)
def test_store_that_cannot_be_opened_is_one_sentence(guide, address, said):
    run = guide("serve", "--model", "none", "--port", "0", "--store", address)
    assert run.returncode == 2
    assert said in run.stderr
    assert run.stderr.count("\n") == 1
    assert "secret" not in run.stderr


def test_store_of_a_newer_version_is_left_alone(tmp_path):
    path = tmp_path / "store.sqlite"
    Store.open(f"sqlite:///{path}").close()
    with sqlite3.connect(path) as database:
        database.execute("UPDATE guide_version SET version_num = '9999'")
    database.close()
    with pytest.raises(StoreError, match="newer version"):
        Store.open(f"sqlite:///{path}")
