"""The page when the server goes away: works already opened stay, guides under way go on later."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests
from playwright.sync_api import Browser, Page, expect

from tests.browser import Museum, chromium, museum, needs_chromium, until, visit, words

pytestmark = needs_chromium

PLAYING = (
    "() => { const a = document.querySelector('#audio'); return !a.paused && a.currentTime > 0.2 }"
)
CONTROLLED = "navigator.serviceWorker.ready.then(() => Boolean(navigator.serviceWorker.controller))"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


@pytest.fixture(scope="module")
def silent(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Museum]:
    with museum(tmp_path_factory.mktemp("silent"), "--model", "none", "--silent") as serving:
        yield serving


def keep(page: Page, url: str, stop: int) -> list[str]:
    """Open a work and wait until all of it is on the device."""
    page.goto(f"{url}/s/{stop}")
    page.locator("#guide[data-kept]").wait_for()
    until(page, CONTROLLED)
    return words(page)


def test_the_page_can_be_installed(browser: Browser, silent: Museum) -> None:
    with visit(browser) as page:
        page.goto(silent.url)
        session = page.context.new_cdp_session(page)
        errors = session.send("Page.getInstallabilityErrors")["installabilityErrors"]
        assert [e["errorId"] for e in errors] == ["in-incognito"]  # every test's browser is
        assert session.send("Page.getAppManifest")["errors"] == []


def test_the_service_worker_keeps_every_file_of_the_page(browser: Browser, silent: Museum) -> None:
    with visit(browser) as page:
        asked: set[str] = set()
        page.on("request", lambda request: asked.add(request.url.removeprefix(silent.url)))
        keep(page, silent.url, 7)
        used = {path for path in asked if path.startswith("/static/")}
        kept = page.evaluate(
            "caches.open('museum-guide-shell').then(c => c.keys())"
            ".then(keys => keys.map(k => new URL(k.url).pathname))"
        )
        assert used - set(kept) <= {"/static/icons/icon-180.png"}


def test_a_work_that_was_opened_plays_without_a_server(browser: Browser, tmp_path: Path) -> None:
    with (
        museum(tmp_path, "--model", "none", "--language", "en") as site,
        visit(browser) as page,
    ):
        told = keep(page, site.url, 7)
        site.kill()
        page.goto(f"{site.url}/s/7")
        expect(page.get_by_role("heading", level=1)).to_have_text("Girl with a Pearl Earring")
        page.locator(".badge").wait_for()
        assert words(page) == told
        expect(page.locator("#offline")).to_contain_text("cannot be reached")
        until(page, PLAYING)
        page.get_by_label("Moment").fill("6")
        until(page, "document.querySelector('#audio').currentTime > 6")
        page.get_by_role("link", name="All works").click()
        expect(page.locator(".works li")).to_have_count(1)
        expect(page.locator("#count")).to_have_text("On this device · 1 work")
        page.goto(f"{site.url}/s/12")
        expect(page.get_by_role("alert")).to_contain_text("has not been opened on this device")
        site.start()
        page.get_by_role("button", name="Try again").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("The Jug")
        expect(page.locator("#offline")).to_be_hidden()


@pytest.mark.slow
def test_a_guide_goes_on_after_the_server_was_killed(browser: Browser, tmp_path: Path) -> None:
    with (
        museum(tmp_path, "--model", "tiny", "--silent", "--language", "en") as site,
        visit(browser) as page,
    ):
        page.goto(site.url)
        page.locator(".works li").first.wait_for()
        page.locator("label", has_text="Full").count()
        page.evaluate(
            "localStorage.setItem('museum-guide', JSON.stringify({language: 'en', length: 'full'}))"
        )
        page.goto(f"{site.url}/s/7")
        page.locator(".sentence").first.wait_for()
        site.kill()
        before = words(page)
        expect(page.locator(".notice")).to_contain_text("The connection was lost.")
        expect(page.locator(".countdown")).to_contain_text("Trying again in")
        site.start()  # the page asks again by itself
        page.locator(".badge").wait_for()
        after = words(page)
        guides = site.get("/api/stops/7")["guides"]
        text = site.get(f"/api/guides/{guides[0]['id']}")["text"]
        assert " ".join(after) == text
        assert after[: len(before)] == before
        assert len(after) == len(set(after))


def test_a_full_queue_is_told_kindly_and_waited_out(browser: Browser, tmp_path: Path) -> None:
    options = (
        "--model",
        "tiny",
        "--silent",
        "--language",
        "en",
        "--slots",
        "1",
        "--rate",
        "999/minute",
    )
    with (
        museum(tmp_path, *options) as site,
        visit(browser) as page,
        ThreadPoolExecutor(64) as crowd,
    ):
        page.goto(site.url)
        page.locator(".works li").first.wait_for()

        def ask(number: int) -> requests.Response:
            wish = {"artwork": {"title": f"Study {number}"}}
            stream = {"Accept": "text/event-stream"}
            return requests.post(
                f"{site.url}/api/guides", json=wish, headers=stream, stream=True, timeout=120
            )

        asked = [future.result() for future in [crowd.submit(ask, n) for n in range(64)]]
        assert {answer.status_code for answer in asked} == {200, 503}
        page.get_by_role("link", name="The Jug").click()
        expect(page.locator(".notice")).to_contain_text("Many people are listening just now.")
        for answer in asked:
            answer.close()  # they leave, and their places in the queue are free
        page.locator(".badge").wait_for(timeout=240_000)
