"""What a visitor does with the page, in a real browser, against a real server with a real voice."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from playwright.sync_api import Browser, Page, expect

from tests.browser import Museum, chromium, museum, needs_chromium, until, visit, words

pytestmark = needs_chromium

PLAYING = (
    "() => { const a = document.querySelector('#audio'); return !a.paused && a.currentTime > 0.2 }"
)
VERMEER = "Girl with a Pearl Earring"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Museum]:
    """A museum with a voice."""
    folder = tmp_path_factory.mktemp("museum")
    with museum(folder, "--model", "none", "--language", "en") as serving:
        yield serving


@pytest.fixture(scope="module")
def silent(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Museum]:
    """A museum of five languages and no voice."""
    with museum(tmp_path_factory.mktemp("silent"), "--model", "none", "--silent") as serving:
        yield serving


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    with visit(browser) as opened:
        yield opened


def open_stop(page: Page, url: str, stop: int) -> None:
    page.goto(f"{url}/s/{stop}")
    page.locator(".badge").wait_for()


def press(page: Page, digits: str) -> None:
    for digit in digits:
        page.get_by_role("button", name=digit, exact=True).click()


def test_a_number_on_the_keypad_starts_the_guide(page: Page, site: Museum) -> None:
    page.goto(site.url)
    press(page, "7")
    page.get_by_role("button", name="Listen").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(VERMEER)
    until(page, PLAYING)
    expect(page.locator(".sentence.spoken")).to_have_count(1)
    assert page.url.endswith("/s/7")


def test_the_number_can_be_typed_mended_and_sent_by_keyboard(page: Page, silent: Museum) -> None:
    page.goto(silent.url)
    field = page.get_by_label("The number beside it")
    field.click()
    page.keyboard.type("1x2")
    assert field.input_value() == "12"
    page.get_by_role("button", name="Erase the last digit").click()
    page.get_by_role("button", name="Clear").click()
    page.keyboard.press("Enter")
    expect(field).to_have_value("")
    field.focus()
    page.keyboard.type("12")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("The Jug")
    expect(page.get_by_role("heading", level=1)).to_be_focused()


def test_no_number_at_all_is_said_beside_the_field(page: Page, silent: Museum) -> None:
    page.goto(silent.url)
    page.get_by_role("button", name="Listen").click()
    expect(page.locator("#stop-problem")).to_have_text("Type the number beside the work first.")
    expect(page.get_by_label("The number beside it")).to_be_focused()


def test_a_number_that_is_no_stop_is_told_kindly(page: Page, silent: Museum) -> None:
    page.goto(f"{silent.url}/s/99")
    expect(page.get_by_role("alert")).to_contain_text("There is no work with the number 99.")
    page.get_by_role("link", name="Another work").click()
    expect(page.get_by_role("heading", name="Which work is before you?")).to_be_visible()


def test_search_finds_as_one_types_without_accents(page: Page, silent: Museum) -> None:
    page.goto(silent.url)
    expect(page.locator(".works li")).to_have_count(4)
    page.get_by_label("Title or artist").click()
    page.keyboard.type("cezan")
    expect(page.locator(".works li")).to_have_count(1)
    expect(page.locator("#count")).to_have_text("1 work")
    page.get_by_role("link", name="The Jug").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("The Jug")


def test_search_that_finds_nothing_says_so(page: Page, silent: Museum) -> None:
    page.goto(silent.url)
    page.get_by_label("Title or artist").click()
    page.keyboard.type("zeppelin")
    expect(page.locator("#count")).to_have_text("No work answers to “zeppelin”.")


def test_a_work_without_a_number_has_an_address_too(page: Page, silent: Museum) -> None:
    page.goto(silent.url)
    page.get_by_role("link", name="Head of a Man").click()
    page.locator(".badge").wait_for()
    page.reload()
    expect(page.get_by_role("heading", level=1)).to_have_text("Head of a Man")
    page.go_back()
    expect(page.get_by_role("heading", name="Which work is before you?")).to_be_visible()


def test_a_title_is_text_whatever_it_holds(page: Page, silent: Museum) -> None:
    open_stop(page, silent.url, 30)
    expect(page.get_by_role("heading", level=1)).to_have_text(
        "<script>document.title='broken'</script>"
    )
    assert page.title() != "broken"


def test_play_pause_back_and_speed(page: Page, site: Museum) -> None:
    open_stop(page, site.url, 7)
    until(page, PLAYING)
    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_role("button", name="Play", exact=True)).to_be_visible()
    page.get_by_label("Moment").fill("12")
    until(page, "document.querySelector('#audio').currentTime > 11")
    page.get_by_role("button", name="Back 10 seconds").click()
    until(page, "document.querySelector('#audio').currentTime < 3")
    page.get_by_label("Speed").select_option("1.5")
    audio = "document.querySelector('#audio')"
    assert page.evaluate(f"[{audio}.playbackRate, {audio}.preservesPitch]") == [1.5, True]
    page.get_by_role("button", name="Play", exact=True).focus()
    page.keyboard.press("Space")
    until(page, PLAYING)
    page.reload()
    expect(page.get_by_label("Speed")).to_have_value("1.5")


def test_a_sentence_that_is_clicked_is_heard(page: Page, site: Museum) -> None:
    open_stop(page, site.url, 7)
    page.locator(".sentence").nth(3).click()
    expect(page.locator(".sentence").nth(3)).to_have_attribute("aria-current", "true")
    expect(page.locator(".sentence").nth(2)).to_have_class("sentence fresh said")
    until(page, PLAYING)


def test_the_guide_ends_and_plays_again_from_the_start(page: Page, site: Museum) -> None:
    open_stop(page, site.url, 12)
    until(page, PLAYING)
    page.get_by_label("Speed").select_option("1.5")
    page.locator(".sentence").last.click()
    expect(page.get_by_role("button", name="Play", exact=True)).to_be_visible()
    expect(page.locator(".sentence.spoken")).to_have_count(0)
    page.get_by_role("button", name="Play", exact=True).click()
    expect(page.locator(".sentence").first).to_have_class("sentence fresh spoken")


def test_brief_and_full_are_two_guides(page: Page, silent: Museum) -> None:
    open_stop(page, silent.url, 7)
    brief = words(page)
    page.locator("label", has_text="Full").click()
    expect(page.locator(".sentence").nth(len(brief))).to_be_visible()


def test_a_language_without_a_voice_is_for_reading(page: Page, silent: Museum) -> None:
    open_stop(page, silent.url, 7)
    page.get_by_label("Told in").select_option("it")
    expect(
        page.get_by_role("status").filter(has_text="There is no voice for Italiano")
    ).to_be_visible()
    expect(page.locator(".playbar")).to_be_hidden()
    transcript = page.locator(".transcript")
    expect(transcript).to_have_attribute("lang", "it")
    expect(transcript).to_have_attribute("aria-live", "polite")


def test_words_are_not_announced_over_the_voice(page: Page, site: Museum) -> None:
    open_stop(page, site.url, 7)
    assert page.locator(".transcript").get_attribute("aria-live") is None


@pytest.mark.parametrize(
    ("name", "code", "heading"),
    [
        ("Français", "fr", "Devant quelle œuvre êtes-vous ?"),
        ("Deutsch", "de", "Vor welchem Werk stehen Sie?"),
        ("Español", "es", "¿Qué obra tiene delante?"),
        ("Italiano", "it", "Quale opera avete davanti?"),
    ],
)
def test_the_page_speaks_five_languages(
    page: Page, silent: Museum, name: str, code: str, heading: str
) -> None:
    page.goto(silent.url)
    page.get_by_role("button", name="Settings").click()
    page.get_by_label("Language of the page").select_option(name)
    page.keyboard.press("Escape")
    expect(page.get_by_role("heading", level=1)).to_have_text(heading)
    assert page.evaluate("document.documentElement.lang") == code
    page.reload()
    expect(page.get_by_role("heading", level=1)).to_have_text(heading)


def test_the_settings_stay_on_the_device(page: Page, silent: Museum) -> None:
    page.goto(silent.url)
    page.get_by_role("button", name="Settings").click()
    page.locator("#settings label", has_text="Dark").click()
    page.locator("#settings label", has_text="Larger").click()
    page.get_by_role("button", name="Close").click()
    expect(page.get_by_role("button", name="Settings")).to_be_focused()
    page.reload()
    root = "document.documentElement"
    assert page.evaluate(f"[{root}.dataset.theme, {root}.dataset.size]") == ["dark", "larger"]
    assert page.evaluate(f"getComputedStyle({root}).fontSize") == "24px"


def test_what_the_guide_is_based_on(page: Page, silent: Museum) -> None:
    open_stop(page, silent.url, 7)
    expect(page.locator(".badge")).to_have_text(
        "Written by a machine, checked against the museum’s record"
    )
    page.get_by_text("What is this based on?").click()
    basis = page.locator(".basis")
    expect(basis).to_contain_text("without a language model")
    expect(basis).to_contain_text("44.5 x 39 cm")
    expect(basis).to_contain_text("Mauritshuis, The Hague")
    guides = silent.get("/api/stops/7")["guides"]
    wanted = ("en", "brief")
    brief = next(g["id"] for g in guides if (g["language"], g["length"]) == wanted)
    claims = silent.get(f"/api/guides/{brief}")["claims"]
    assert claims
    assert basis.locator(".claims li").count() == len(claims)
    expect(basis.locator(".claims li").first).to_contain_text(claims[0]["reason"])


def test_the_keyboard_reaches_everything_and_skips_the_header(page: Page, silent: Museum) -> None:
    page.goto(silent.url)
    page.locator(".works li").first.wait_for()
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.get_by_label("The number beside it")).to_be_focused()


def test_without_the_browsers_help_no_camera_is_offered(page: Page, silent: Museum) -> None:
    page.goto(silent.url)
    page.locator(".works li").first.wait_for()
    assert page.evaluate("'BarcodeDetector' in window") is False
    expect(page.locator("#scan")).to_be_hidden()


def test_a_kiosk_is_fresh_for_the_next_visitor(page: Page, silent: Museum) -> None:
    page.clock.install()
    page.goto(f"{silent.url}/?kiosk")
    page.locator(".works li").first.wait_for()
    page.get_by_role("button", name="Settings").click()
    page.get_by_label("Language of the page").select_option("Deutsch")
    expect(page.get_by_role("heading", level=1)).to_have_text("Vor welchem Werk stehen Sie?")
    page.clock.run_for(125_000)
    expect(page.get_by_role("heading", level=1)).to_have_text("Which work is before you?")
    expect(page.locator("#settings")).to_be_hidden()


@pytest.mark.parametrize("size", ["normal", "larger"])
def test_nothing_is_wider_than_a_narrow_phone(
    browser: Browser, site: Museum, silent: Museum, size: str
) -> None:
    paths = [f"{site.url}/s/7", *(silent.url + path for path in ("/", "/s/7", "/s/30", "/s/99"))]
    with visit(browser, 320, 640) as page:
        for path in paths:
            page.goto(path)
            page.locator(".works li, .badge, .apology").first.wait_for()
            page.evaluate(f"document.documentElement.dataset.size = '{size}'")
            assert page.evaluate("document.documentElement.scrollWidth") <= 320, path


def test_too_many_wishes_are_waited_out_with_a_countdown(browser: Browser, tmp_path: Path) -> None:
    rate = ("--rate", "1/10 seconds")
    with museum(tmp_path, "--model", "none", "--silent", *rate) as busy, visit(browser) as page:
        page.goto(busy.url)
        page.locator(".works li").first.wait_for()
        requests.post(f"{busy.url}/api/guides", json={"artwork": {"title": "X"}}, timeout=30)
        page.get_by_role("link", name="The Jug").click()
        notice = page.locator(".notice")
        expect(notice).to_contain_text("Many people are listening just now.")
        expect(notice.locator(".countdown")).to_contain_text("Trying again in")
        expect(page.get_by_role("button", name="Try now")).to_be_visible()
        page.locator(".badge").wait_for()
        assert len(words(page)) > 2
