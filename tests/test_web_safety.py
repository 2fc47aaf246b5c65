"""Safety: who may come in, what is refused, what every answer carries."""

import http.client
import re
import stat
import subprocess

import pytest
import requests

from infer.web.access import check_password, hash_password
from infer.web.tables import Base, Login, Token
from tests.conftest import GUIDE
from tests.web import PASSWORD, WORKS, Site, serving

EVIL = '"><script>alert(1)</script>'


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    with serving(tmp_path_factory.mktemp("safety")) as site:
        yield site


@pytest.fixture
def site(served):
    served.start_afresh()
    return served


def raw(site: Site, method: str, path: str, headers=None, body: bytes | None = None):
    """A request whose path no client has tidied up."""
    connection = http.client.HTTPConnection("127.0.0.1", site.port, timeout=20)
    connection.putrequest(method, path, skip_host="Host" in (headers or {}))
    for name, value in (headers or {}).items():
        connection.putheader(name, value)
    if body is not None:
        connection.putheader("Content-Length", str(len(body)))
    connection.endheaders(body)
    answer = connection.getresponse()
    content = answer.read()
    connection.close()
    return answer.status, content


# Starting


def test_public_address_without_a_password_is_refused(guide):
    run = guide("serve", "--host", "0.0.0.0", "--model", "none")
    assert (run.returncode, run.stdout) == (2, "")
    assert run.stderr == (
        "guide: 0.0.0.0 can be reached from other machines; give the curator a password with "
        "--password-file, or stay on --host 127.0.0.1.\n"
    )


@pytest.mark.parametrize(
    ("content", "said"),
    [("short", "has 5 characters; give it at least 10"), ("", "on one line"), (None, "cannot be")],
)
def test_password_file_that_will_not_do_is_one_sentence(guide, tmp_path, content, said):
    path = tmp_path / "password.txt"
    if content is not None:
        path.write_text(content)
    run = guide("serve", "--model", "none", "--password-file", str(path))
    assert run.returncode == 2
    assert said in run.stderr
    assert run.stderr.count("\n") == 1


def test_port_that_is_taken_is_one_sentence(guide, site: Site):
    run = guide("serve", "--model", "none", "--port", str(site.port))
    assert run.returncode == 2
    assert f"port {site.port} cannot be listened on" in run.stderr
    assert run.stderr.count("\n") == 1


def test_password_command_prints_a_hash_that_the_server_takes(guide, tmp_path):
    run = guide("serve", "password", stdin=f"{PASSWORD}\n{PASSWORD}\n")
    printed = run.stdout.splitlines()[-1]
    assert PASSWORD not in printed
    assert check_password(PASSWORD, printed)
    assert not check_password(f"{PASSWORD}x", printed)


# Passwords, sessions, tokens


def test_nothing_secret_stands_in_the_store(site: Site):
    site.log_in()
    token = site.services.keeper.add_token("scripts")
    cookie = site.browser.cookies["guide_curator"]
    with site.services.store.reading() as session:
        rows = [
            repr(tuple(row))
            for table in Base.metadata.sorted_tables
            for row in session.execute(table.select())
        ]
        assert session.query(Login).count() == session.query(Token).count() == 1
    everything = "\n".join(rows)
    for secret in (PASSWORD, cookie, token, token.removeprefix("guide_")):
        assert secret not in everything


def test_same_password_has_another_hash_each_time():
    assert hash_password(PASSWORD) != hash_password(PASSWORD)


def test_wrong_password_is_refused_and_soon_not_even_tried(site: Site):
    answers = [site.post("/api/curator/login", {"password": f"guess {n}"}) for n in range(6)]
    assert [answer.status_code for answer in answers] == [401] * 5 + [429]
    assert int(answers[-1].headers["Retry-After"]) > 0
    assert site.post("/api/curator/login", {"password": PASSWORD}).status_code == 429


def test_session_cookie_is_out_of_reach_for_scripts_and_other_sites(site: Site):
    answer = site.post("/api/curator/login", {"password": PASSWORD})
    cookie = answer.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie


def test_session_ends_with_logging_out(site: Site):
    site.log_in()
    cookie = site.browser.cookies["guide_curator"]
    assert site.post("/api/curator/logout").status_code == 204
    again = requests.get(
        f"{site.url}/api/curator/session", cookies={"guide_curator": cookie}, timeout=10
    )
    assert again.status_code == 401


def test_server_without_a_password_has_no_curator(tmp_path):
    with serving(tmp_path, password=False) as site:
        answer = site.post("/api/curator/login", {"password": ""})
        assert answer.status_code == 403
        assert "--password-file" in answer.json()["detail"]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "works"), ("POST", "works"), ("PUT", f"works/{'0' * 32}"),
        ("DELETE", f"works/{'0' * 32}"), ("POST", "import"), ("GET", "guides"),
        ("PUT", f"guides/{'0' * 32}"), ("POST", f"guides/{'0' * 32}/approve"),
        ("POST", f"guides/{'0' * 32}/withdraw"), ("GET", f"guides/{'0' * 32}/history"),
        ("POST", "tour"), ("GET", f"jobs/{'0' * 32}"), ("POST", f"jobs/{'0' * 32}/cancel"),
        ("GET", "qr"), ("GET", "export"), ("GET", "session"), ("POST", "logout"),
    ],
)  # fmt: skip
def test_curators_side_is_closed_to_everybody_else(site: Site, method, path):
    answer = site.browser.request(method, f"{site.url}/api/curator/{path}", timeout=10)
    assert answer.status_code == 401
    assert answer.headers["Content-Type"] == "application/problem+json"


def test_change_without_the_csrf_token_is_refused(site: Site):
    site.log_in()
    for token in ("", "0" * 64, "ü"):
        headers = {"X-CSRF-Token": token.encode("utf-8")}
        answer = site.post("/api/curator/works", {"artwork": WORKS[0]}, headers=headers)
        assert answer.status_code == 403
    assert site.get("/api/works").json()["total"] == 0


def test_csrf_token_is_of_its_session_alone(site: Site):
    site.log_in()
    first = site.browser.headers["X-CSRF-Token"]
    site.browser.cookies.clear()
    site.log_in()
    assert site.browser.headers["X-CSRF-Token"] != first
    answer = site.post("/api/curator/logout", headers={"X-CSRF-Token": first})
    assert answer.status_code == 403


def test_script_comes_in_with_a_token_and_needs_no_csrf(site: Site, guide):
    store = f"sqlite:///{site.services.store.engine.url.database}"
    run = guide("serve", "--store", store, "token", "add", "scripts")
    token = run.stdout.strip()
    headers = {"Authorization": f"Bearer {token}"}
    answer = site.post("/api/curator/works", {"artwork": WORKS[0]}, headers=headers)
    assert answer.status_code == 201
    assert guide("serve", "--store", store, "token", "list").stdout.startswith("scripts\t")
    guide("serve", "--store", store, "token", "remove", "scripts")
    assert site.get("/api/curator/works", headers=headers).status_code == 401
    again = guide("serve", "--store", store, "token", "remove", "scripts")
    assert (again.returncode, again.stderr) == (2, "guide: There is no token 'scripts'.\n")


# Other sites, other names


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site", "Origin": "http://127.0.0.1:1"},
    ],
)
def test_pages_of_other_sites_cannot_send_anything(site: Site, headers):
    answer = site.post("/api/guides", {"artwork": WORKS[0]}, headers=headers)
    assert answer.status_code == 403
    assert site.post("/api/guides", {"artwork": WORKS[0]}, headers={"Origin": site.url}).ok


def test_form_of_another_site_is_not_read_as_json(site: Site):
    headers = {"Content-Type": "text/plain"}
    answer = site.browser.post(
        f"{site.url}/api/curator/login", f'{{"password": "{PASSWORD}"}}', headers=headers, timeout=9
    )
    assert answer.status_code == 422


def test_local_server_answers_to_no_other_name(site: Site):
    status, _ = raw(site, "GET", "/api/works", {"Host": "evil.example"})
    assert status == 400
    assert raw(site, "GET", "/api/works", {"Host": f"localhost:{site.port}"})[0] == 200


# What is sent


@pytest.mark.parametrize(
    "path",
    [
        "/static/../app.py", "/static/..%2fapp.py", "/static/%2e%2e/app.py",
        "/static//etc/passwd", "/static/..\\app.py", "/static/%00", "/s/..%2f..%2fapp.py",
    ],
)  # fmt: skip
def test_no_path_leads_out_of_the_page(site: Site, path):
    status, content = raw(site, "GET", path)
    assert status in (400, 404, 422)
    assert b"create_app" not in content
    assert b"root:" not in content


def test_title_with_a_script_is_nowhere_markup(site: Site):
    site.log_in()
    with site.services.store.writing() as session:
        from infer.web.tables import Work
        from infer.web.works import folded

        record = {"title": EVIL, "form": "painting"}
        session.add(
            Work(id="a" * 32, stop=1, title=EVIL, artist=EVIL, record=record, identity="x",
                 found_by=folded(EVIL))
        )  # fmt: skip
    sheet = site.get("/api/curator/qr?format=html&base=http://localhost")
    assert EVIL not in sheet.text
    assert "&lt;script&gt;" in sheet.text
    assert "script-src" not in sheet.headers["Content-Security-Policy"]
    assert "default-src 'none'" in sheet.headers["Content-Security-Policy"]
    assert site.get("/api/stops/1").headers["Content-Type"] == "application/json"
    guide = site.post("/api/guides", {"work_id": "a" * 32})
    assert guide.headers["Content-Type"] == "application/json"
    site.post("/api/guides", {"work_id": "a" * 32}).json()
    data = site.get("/api/curator/export").content
    assert b"<script>alert" not in data


def test_body_that_is_too_large_is_refused_before_it_is_read(site: Site):
    answer = site.post("/api/guides", {"artwork": {"title": "x" * 70_000}})
    assert answer.status_code == 413
    assert answer.headers["Content-Type"] == "application/problem+json"


def test_body_that_hides_its_size_is_cut_off(site: Site):
    def pieces():
        yield b'{"artwork": {"title": "'
        for _ in range(80):
            yield b"x" * 1024
        yield b'"}}'

    answer = site.browser.post(
        f"{site.url}/api/guides", pieces(), headers={"Content-Type": "application/json"}, timeout=20
    )
    assert answer.status_code == 413


@pytest.mark.parametrize(
    ("name", "kind"),
    [("works.exe", "text/csv"), ("works.csv", "image/png"), ("works", "text/csv"), ("", "")],
)
def test_upload_of_another_kind_is_refused(site: Site, name, kind):
    site.log_in()
    answer = site.browser.post(
        f"{site.url}/api/curator/import", files={"file": (name or "x", b"title\nA\n", kind)},
        timeout=10,
    )  # fmt: skip
    assert answer.status_code == 415


def test_name_of_an_upload_is_never_a_path(site: Site):
    site.log_in()
    answer = site.browser.post(
        f"{site.url}/api/curator/import",
        files={"file": ("../../etc/works.csv", b"nothing\n1\n", "text/csv")}, timeout=10,
    ).json()  # fmt: skip
    assert answer["faults"][0].startswith("works.csv, line 2")


def test_client_that_has_too_much_written_has_to_wait(tmp_path):
    with serving(tmp_path, rate="2/minute") as site:
        answers = [site.post("/api/guides", {"artwork": WORKS[n]}) for n in (0, 1, 2, 0)]
        # What is in the store costs nothing and is not counted.
        assert [answer.status_code for answer in answers] == [200, 200, 429, 200]
        assert int(answers[2].headers["Retry-After"]) > 0


def test_client_that_asks_too_often_has_to_wait(tmp_path):
    with serving(tmp_path, requests="3/minute") as site:
        assert [site.get("/api/works").status_code for _ in range(4)] == [200, 200, 200, 429]
        assert site.get("/healthz").status_code == 200


# What every answer carries


@pytest.mark.parametrize("path", ["/", "/curator", "/api/config", "/api/stops/9", "/static/none"])
def test_every_answer_has_the_security_headers(site: Site, path):
    headers = site.get(path).headers
    policy = headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self';")
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert "server" not in headers or "uvicorn" not in headers["server"]


def test_page_needs_nothing_from_elsewhere(site: Site):
    for path in ("/", "/curator"):
        page = site.get(path).text
        assert not re.search(r"(?:src|href)=[\"'](?:https?:)?//", page)
        assert not re.search(r"<script(?![^>]*\bsrc=)", page)
        assert not re.search(r"\son\w+=|style=|<style", page)


def test_redirects_lead_nowhere_else(site: Site):
    for path in ("//evil.example", "//evil.example/..", "/static//evil.example", "/%2f%2fevil"):
        connection = http.client.HTTPConnection("127.0.0.1", site.port, timeout=20)
        connection.putrequest("GET", path)
        connection.endheaders()
        answer = connection.getresponse()
        assert "evil" not in (answer.getheader("Location") or "")
        connection.close()


def test_failure_shows_nothing_of_the_inside(site: Site, monkeypatch):
    def broken(*_, **__):
        raise RuntimeError("secret of the inside")

    monkeypatch.setattr(site.services.works, "search", broken)
    answer = site.get("/api/works")
    assert answer.status_code == 500
    assert "secret" not in answer.text
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert "Content-Security-Policy" in answer.headers


def test_command_serves_and_ends_on_request(tmp_path):
    process = subprocess.Popen(
        [str(GUIDE), "serve", "--port", "0", "--model", "none", "--silent"],
        cwd=tmp_path, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stderr is not None
    address = ""
    for line in process.stderr:
        if found := re.search(r"http://127\.0\.0\.1:\d+", line):
            address = found[0]
        if "startup complete" in line:
            break
    assert requests.get(f"{address}/healthz", timeout=10).json()["model"] == "none"
    process.terminate()
    process.communicate(timeout=20)
    assert stat.S_ISREG((tmp_path / "museum-guide.sqlite").stat().st_mode)
