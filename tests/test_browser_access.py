"""Every view as axe judges it, in light, dark and high contrast, and on the narrowest phone."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import Browser, Page

from infer.web.page import tour_files
from tests.browser import Museum, chromium, log_in, museum, needs_chromium, visit

pytestmark = needs_chromium

THEMES = ("light", "dark", "contrast")
AXE = Axe()


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Museum]:
    folder = tmp_path_factory.mktemp("museum")
    with museum(folder, "--model", "none", "--silent") as serving:
        yield serving


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


def judge(page: Page, where: str) -> None:
    """No violation of any rule in any of the three palettes; nothing wider than the screen."""
    page.emulate_media(reduced_motion="reduce")
    for theme in THEMES:
        page.evaluate(f"document.documentElement.dataset.theme = '{theme}'")
        rules = {} if theme == "light" else {"runOnly": ["color-contrast"]}
        found = AXE.run(page, options={"preload": False, **rules})
        assert found.violations_count == 0, f"{where}, {theme}: {found.generate_report()}"
    assert page.evaluate("document.documentElement.scrollWidth") <= 320, where


def home(page: Page) -> None:
    page.locator(".works li").first.wait_for()


def guide(page: Page) -> None:
    page.locator(".badge").wait_for()
    page.get_by_text("What is this based on?").click()
    # Without a voice the player is hidden; its look is judged all the same.
    page.evaluate("document.querySelector('.playbar').hidden = false")


def settings(page: Page) -> None:
    page.locator(".works li").first.wait_for()
    page.locator("#open-settings").click()


def apology(page: Page) -> None:
    page.locator(".apology").wait_for()


@pytest.mark.parametrize(
    ("path", "ready"), [("/", home), ("/", settings), ("/s/7", guide), ("/s/99", apology)]
)
def test_the_visitors_views(
    browser: Browser, site: Museum, path: str, ready: Callable[[Page], None]
) -> None:
    with visit(browser, 320, 640) as page:
        page.goto(site.url + path)
        ready(page)
        judge(page, f"{path} {ready.__name__}")


def test_a_wait_and_a_lost_connection(browser: Browser, site: Museum) -> None:
    with visit(browser, 320, 640, service_workers="block") as page:
        page.goto(f"{site.url}/s/12")
        page.locator(".badge").wait_for()
        page.context.set_offline(True)
        page.locator("label", has_text="Full").click()
        page.locator(".countdown").wait_for()
        judge(page, "a lost connection")


def test_the_curators_views(browser: Browser, site: Museum) -> None:
    with visit(browser, 320, 640) as page:
        page.goto(f"{site.url}/curator")
        page.get_by_role("button", name="Log in").wait_for()
        judge(page, "login")
        log_in(page, site.url)
        page.locator(".rows li").first.wait_for()
        judge(page, "works")
        page.get_by_role("link", name="Girl with a Pearl Earring").click()
        page.get_by_role("button", name="Write a guide").click()
        page.locator(".guide-card").first.wait_for()
        page.locator("details").evaluate_all("all => all.forEach(one => { one.open = true })")
        judge(page, "a work and its guides")
        page.locator(".guide-card").first.get_by_role("button", name="Edit").click()
        page.get_by_label("The guide’s words").fill("Vermeer painted it in Venice in 1702.")
        judge(page, "editing")
        page.get_by_role("button", name="Save and check").click()
        page.locator("mark").first.wait_for()
        judge(page, "marks")
        page.get_by_role("button", name="Delete").click()
        page.get_by_role("button", name="Keep it").wait_for()
        judge(page, "a question")
        page.get_by_role("button", name="Keep it").click()
        for view in ("import", "tour", "qr", "export"):
            page.locator(f"#tabs a[href$='#{view}']").click()
            page.locator(f"#tabs a[href$='#{view}'][aria-current]").wait_for()
            page.locator("details").evaluate_all("all => all.forEach(one => { one.open = true })")
            judge(page, view)


def test_the_tours_views(
    browser: Browser, site: Museum, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("tour")
    work = site.get("/api/stops/30")
    sentences = [{"text": "One.", "start": 0.0, "end": 1.0}]
    told = {"id": "a", "language": "en", "length": "brief", "label": "approved", "claims": []}
    work["guides"] = [
        told | {"sentences": sentences, "audio": "audio/a.mp3", "artwork": work["artwork"]}
    ]
    for name, content in tour_files({"museum": "Our Museum", "created": "", "works": [work]}):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    with visit(browser, 320, 640) as page:
        page.goto((folder / "index.html").as_uri())
        page.locator(".works li").first.wait_for()
        judge(page, "the tour's list")
        page.locator(".works a").first.click()
        page.get_by_text("What is this based on?").click()
        judge(page, "a work of the tour")
        assert page.locator("#work-title").inner_text().startswith("<script>")
