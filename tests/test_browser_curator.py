"""A curator's whole journey: records in, guides written, mended, approved, and out of the door."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser import PASSWORD, Museum, chromium, log_in, museum, needs_chromium, until, visit

pytestmark = needs_chromium


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Museum]:
    folder = tmp_path_factory.mktemp("museum")
    with museum(folder, "--model", "none", "--silent") as serving:
        yield serving


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


@pytest.fixture(scope="module")
def desk(browser: Browser, site: Museum) -> Iterator[Page]:
    """A curator who logged in once and stays: a server lets in only so many a minute."""
    with visit(browser, 1200, 900) as page:
        log_in(page, site.url)
        yield page


def open_work(page: Page, site: Museum, title: str) -> None:
    page.goto(f"{site.url}/curator#works")
    page.get_by_role("link", name=title).click()
    page.get_by_role("heading", name="Guides", exact=True).wait_for()


def test_a_wrong_password_is_said_and_the_right_one_lets_in(browser: Browser, site: Museum) -> None:
    with visit(browser) as page:
        page.goto(f"{site.url}/curator")
        page.get_by_label("The curator’s password").fill("wrong")
        page.get_by_role("button", name="Log in").click()
        expect(page.get_by_role("alert")).to_have_text("That is not the password.")
        page.get_by_label("The curator’s password").fill(PASSWORD)
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", name="Works")).to_be_focused()
        page.get_by_role("button", name="Log out").click()
        expect(page.get_by_role("button", name="Log in")).to_be_visible()


def test_an_import_takes_over_what_is_right_and_lists_the_faults(
    desk: Page, site: Museum, tmp_path: Path
) -> None:
    file = tmp_path / "ours.csv"
    file.write_text("stop,title,artist\n40,The Goldfinch,Carel Fabritius\n41,,Nobody\n")
    desk.goto(f"{site.url}/curator#import")
    desk.get_by_label("File").set_input_files(file)
    desk.get_by_role("button", name="Import").click()
    expect(desk.get_by_role("status").first).to_contain_text(
        "1 added, 0 updated, 1 not taken over."
    )
    expect(desk.locator(".faults li")).to_contain_text("line 3")
    assert site.get("/api/stops/40")["title"] == "The Goldfinch"


def test_a_work_is_added_changed_and_deleted(desk: Page, site: Museum) -> None:
    desk.goto(f"{site.url}/curator#works/new")
    desk.get_by_label("Title").fill("View of Delft")
    desk.get_by_label("Stop number").fill("3")
    desk.get_by_label("Depicted").fill("a town\nboats")
    desk.get_by_role("button", name="Save").click()
    expect(desk.get_by_role("heading", name="View of Delft")).to_be_visible()
    assert site.get("/api/stops/3")["artwork"]["subjects"] == ["a town", "boats"]
    desk.get_by_label("Artist").fill("Johannes Vermeer")
    desk.get_by_role("button", name="Save").click()
    expect(desk.get_by_text("Saved.")).to_be_visible()
    assert site.get("/api/stops/3")["artist"] == "Johannes Vermeer"
    desk.get_by_role("button", name="Delete").click()
    desk.get_by_role("button", name="Keep it").click()
    desk.get_by_role("button", name="Delete").click()
    desk.locator("#confirm").get_by_role("button", name="Delete").click()
    expect(desk.get_by_role("heading", name="Works")).to_be_visible()
    expect(desk.get_by_role("link", name="View of Delft")).to_have_count(0)


def test_two_works_cannot_have_one_number(desk: Page, site: Museum) -> None:
    desk.goto(f"{site.url}/curator#works/new")
    desk.get_by_label("Title").fill("Another")
    desk.get_by_label("Stop number").fill("7")
    desk.get_by_role("button", name="Save").click()
    expect(desk.locator(".says.bad")).to_contain_text("7")


def test_a_guide_is_approved_edited_checked_told_and_withdrawn(
    desk: Page, browser: Browser, site: Museum
) -> None:
    open_work(desk, site, "Girl with a Pearl Earring")
    desk.get_by_role("button", name="Write a guide").click()
    card = desk.locator(".guide-card")
    expect(card).to_have_count(1)
    expect(card.locator(".ok")).to_be_visible()
    card.get_by_role("button", name="Approve").click()
    expect(card.get_by_text("Approved: this is what visitors get.")).to_be_visible()
    expect(card.locator(".badge")).to_have_text("Written by a machine, approved by the museum")

    card.get_by_role("button", name="Edit").click()
    card.get_by_label("The guide’s words").fill(
        "Girl with a Pearl Earring was painted by Johannes Vermeer around 1665. "
        "He painted it in Venice in 1702."
    )
    card.get_by_role("button", name="Save and check").click()
    expect(card.locator("mark.unsupported").first).to_be_visible()
    marked = card.locator("mark.unsupported").all_inner_texts()
    assert any("1702" in text for text in marked)
    expect(card.locator(".findings li.unsupported")).to_have_count(len(marked))
    expect(card.locator(".badge")).to_have_text("Edited by the museum")

    card.get_by_role("button", name="Edit").click()
    card.get_by_label("The guide’s words").fill("Johannes Vermeer painted this canvas around 1665.")
    card.get_by_role("button", name="Save and check").click()
    expect(card.get_by_text("Saved and checked")).to_be_visible()
    card.get_by_text("History").click()
    expect(card.locator(".history li")).to_have_count(4)

    with visit(browser) as page:
        page.goto(f"{site.url}/s/7")
        expect(page.locator(".badge")).to_have_text("Edited by the museum")
        expect(page.locator(".transcript")).to_have_text(
            "Johannes Vermeer painted this canvas around 1665."
        )

    card.get_by_role("button", name="Withdraw").click()
    expect(card.locator(".badge")).to_have_text("Withdrawn: visitors do not get it")
    with visit(browser) as page:
        page.goto(f"{site.url}/s/7")
        expect(page.locator(".badge")).to_contain_text("Written by a machine")


def test_a_tour_is_written_ahead_with_its_progress(desk: Page, site: Museum) -> None:
    desk.goto(f"{site.url}/curator#tour")
    desk.get_by_label("Français").check()
    desk.get_by_role("button", name="Begin").click()
    expect(desk.get_by_role("progressbar")).to_be_visible()
    expect(desk.get_by_text("finished")).to_be_visible()
    languages = {guide["language"] for guide in site.get("/api/stops/12")["guides"]}
    assert languages == {"en", "fr"}
    desk.reload()
    expect(desk.get_by_text("finished")).to_be_visible()


def test_a_tour_needs_a_language(desk: Page, site: Museum) -> None:
    desk.goto(f"{site.url}/curator#tour")
    desk.get_by_label("English").uncheck()
    desk.get_by_role("button", name="Begin").click()
    expect(desk.get_by_text("Tick at least one language")).to_be_visible()


def test_the_sheet_of_codes_opens_for_printing(desk: Page, site: Museum) -> None:
    desk.goto(f"{site.url}/curator#qr")
    with desk.expect_popup() as opened:
        desk.get_by_role("button", name="Open for printing").click()
    sheet = opened.value
    sheet.wait_for_url("**/api/curator/qr?*")
    expect(sheet.get_by_text("The Jug")).to_be_visible()
    sheet.close()


def test_an_address_that_is_none_is_refused_in_the_page(desk: Page, site: Museum) -> None:
    desk.goto(f"{site.url}/curator#qr")
    desk.get_by_label("Address of this server").fill("javascript:alert(1)")
    desk.get_by_role("button", name="Open for printing").click()
    expect(desk.locator(".says.bad")).not_to_be_empty()


def test_the_curators_page_speaks_the_five_languages(desk: Page, site: Museum) -> None:
    desk.goto(f"{site.url}/curator#works")
    for name, heading in (("Français", "Œuvres"), ("Deutsch", "Werke"), ("Español", "Obras"),
                          ("Italiano", "Opere"), ("English", "Works")):  # fmt: skip
        desk.locator("#open-settings").click()
        desk.locator("#language").select_option(name)
        desk.keyboard.press("Escape")
        expect(desk.locator("#view-title")).to_have_text(heading)


def test_a_session_that_ended_asks_to_log_in_again(desk: Page, site: Museum) -> None:
    desk.goto(f"{site.url}/curator#works")
    cookies = desk.context.cookies()
    desk.context.clear_cookies()
    desk.get_by_role("link", name="Offline tour").click()
    desk.get_by_role("button", name="Make the folder").click()
    expect(desk.get_by_role("alert")).to_have_text("Your session has ended; please log in again.")
    desk.context.add_cookies(cookies)  # type: ignore[arg-type]
    desk.reload()


@pytest.fixture(scope="module")
def tour(tmp_path_factory: pytest.TempPathFactory, browser: Browser) -> Path:
    """A tour with sound, exported by the curator's own hand and unpacked."""
    folder = tmp_path_factory.mktemp("voiced")
    with (
        museum(folder, "--model", "none", "--language", "en") as site,
        visit(browser, 1200, 900) as page,
    ):
        log_in(page, site.url)
        open_work(page, site, "The Jug")
        page.get_by_role("button", name="Write a guide").click()
        page.get_by_text("The whole guide is ready.").wait_for()
        page.locator(".guide-card audio").evaluate("audio => audio.play()")
        until(page, "document.querySelector('.guide-card audio').currentTime > 0")
        page.get_by_role("link", name="Offline tour").click()
        with page.expect_download() as coming:
            page.get_by_role("button", name="Make the folder").click()
        coming.value.save_as(folder / "tour.zip")
    with zipfile.ZipFile(folder / "tour.zip") as archive:
        archive.extractall(folder / "out")
    return next((folder / "out").rglob("index.html"))


def test_an_exported_tour_plays_from_its_folder(browser: Browser, tour: Path) -> None:
    with visit(browser) as page:
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.goto(tour.as_uri())
        page.get_by_label("Number, title or artist").fill("cezanne")
        page.get_by_role("link", name="The Jug").click()
        expect(page.get_by_role("heading", name="The Jug")).to_be_focused()
        page.get_by_role("button", name="Play", exact=True).click()
        until(page, "document.querySelector('#audio').currentTime > 0.5")
        expect(page.locator(".sentence.spoken")).to_have_count(1)
        page.get_by_label("Speed").select_option("0.75")
        assert page.evaluate("document.querySelector('#audio').playbackRate") == 0.75
        page.get_by_text("What is this based on?").click()
        expect(page.locator(".record")).to_contain_text("46 x 55 cm")
        page.get_by_label("Language of the page").select_option("Deutsch")
        expect(page.get_by_role("button", name="10 Sekunden zurück")).to_be_visible()
        assert {url.partition("://")[0] for url in asked} == {"file"}
