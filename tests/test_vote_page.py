"""What a voter does with the page `/vote/NAME`, in a real browser, against a real server."""

import json
import re

import pytest
from playwright.sync_api import expect

from evaluate.ab.guard import Limits
from evaluate.ab.store import Rules
from evaluate.ab.votes import read_votes
from evaluate.ab.web import PAGE
from tests.browser import chromium, needs_chromium, visit
from tests.test_ab import entries
from tests.vote_server import running

pytestmark = needs_chromium

QUICK = Limits(words_a_second=1e9, least_seconds=0.0)
LANGUAGES = ("en", "fr", "de", "es", "it")


@pytest.fixture(scope="module")
def browser():
    with chromium() as started:
        yield started


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    with running(tmp_path_factory.mktemp("votes") / "museum.sqlite", QUICK) as serving:
        yield serving


@pytest.fixture
def page(browser):
    with visit(browser) as opened:
        yield opened


def begin(site, page, name, **rules):
    """Make an experiment and open its page."""
    chosen = Rules(**{"votes_a_voter": 2, "attention_every": 0} | rules)
    site.votes.create(name, ["good", "bad"], entries(4), chosen)
    page.goto(f"{site.url}/vote/{name}")
    page.locator("#left").wait_for()


def answer(page, verdict):
    page.get_by_role("radio", name=verdict).check()
    page.get_by_role("button", name="Vote").click()


def test_voter_reads_chooses_says_why_and_is_thanked(site, page):
    begin(site, page, "journey")
    expect(page.locator("#progress")).to_have_text("Pair 1 of 2")
    left = page.locator("#left").inner_text()
    page.get_by_role("checkbox", name="dull").check()
    answer(page, "The first")
    expect(page.locator("#progress")).to_have_text("Pair 2 of 2")
    expect(page.get_by_role("checkbox", name="dull")).not_to_be_checked()
    answer(page, "Both bad")
    expect(page.get_by_role("heading", level=1)).to_have_text("Thank you!")
    expect(page.get_by_text("Your 2 votes have been counted.")).to_be_visible()
    first, second = read_votes(site.votes, "journey").outcomes
    assert first.verdict == "left"
    assert first.left == ("bad" if left.endswith("And bad.") else "good")
    assert first.reasons == ("dull",)
    assert second.verdict == "both bad"


def test_voter_may_go_on(site, page):
    begin(site, page, "onwards", votes_a_voter=1)
    answer(page, "Equally good")
    page.get_by_role("button", name="Compare more").click()
    expect(page.locator("#progress")).to_have_text("Pair 2 of 2")
    answer(page, "The second")
    expect(page.locator("#progress")).to_have_text("Pair 3 of 3")


def test_whole_ballot_by_keyboard(site, page):
    begin(site, page, "keys", votes_a_voter=1)
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.get_by_role("radio", name="The first")).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("radio", name="The second")).to_be_checked()
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    expect(page.get_by_role("checkbox", name="says something false")).to_be_checked()
    page.keyboard.press("Enter")
    heading = page.get_by_role("heading", level=1)
    expect(heading).to_have_text("Thank you!")
    expect(heading).to_be_focused()
    assert read_votes(site.votes, "keys").outcomes[0].reasons == ("wrong",)


def test_nothing_chosen_is_said_and_the_focus_goes_there(site, page):
    begin(site, page, "nothing")
    page.get_by_role("button", name="Vote").click()
    expect(page.get_by_role("alert")).to_have_text("Choose one of the four answers first.")
    expect(page.get_by_role("radio", name="The first")).to_be_focused()


def test_field_for_programs_is_out_of_peoples_way(site, page):
    begin(site, page, "trap")
    assert page.locator("#website").evaluate("e => e.getBoundingClientRect().right") < 0
    assert page.locator("#website").get_attribute("tabindex") == "-1"
    expect(page.get_by_role("textbox")).to_have_count(0)  # nor does a screen reader find it


def test_program_that_fills_in_everything_is_turned_away(site, page):
    begin(site, page, "program")
    page.locator("#website").evaluate("e => { e.value = 'https://buy.example' }")
    answer(page, "The first")
    expect(page.get_by_role("alert")).to_contain_text("This vote was not taken.")
    assert read_votes(site.votes, "program").outcomes == ()


def test_choice_survives_a_lost_connection(site, page):
    begin(site, page, "lost", votes_a_voter=1)
    page.context.set_offline(True)
    answer(page, "The second")
    expect(page.get_by_role("alert")).to_contain_text("Your choice is still here")
    expect(page.get_by_role("radio", name="The second")).to_be_checked()
    page.context.set_offline(False)
    page.get_by_role("button", name="Vote").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Thank you!")


def test_who_votes_at_once_is_asked_to_take_in_both(browser, tmp_path):
    with running(tmp_path / "museum.sqlite") as site, visit(browser) as page:
        begin(site, page, "soon")
        answer(page, "The first")
        expect(page.get_by_role("alert")).to_have_text("Take in both guides first, then vote.")
        expect(page.get_by_role("radio", name="The first")).to_be_checked()


def test_pair_voted_on_in_another_window_is_left_behind(site, page):
    begin(site, page, "windows")
    other = page.context.new_page()
    other.goto(page.url)
    other.locator("#left").wait_for()
    answer(other, "The first")
    expect(other.locator("#progress")).to_have_text("Pair 2 of 2")
    answer(page, "The second")
    expect(page.locator("#progress")).to_have_text("Pair 2 of 2")
    assert [o.verdict for o in read_votes(site.votes, "windows").outcomes] == ["left"]


def test_comparison_that_is_not_there(site, page):
    page.goto(f"{site.url}/vote/nowhere")
    expect(page.get_by_role("heading", level=1)).to_have_text("There is no such comparison")


@pytest.mark.parametrize("language", LANGUAGES)
def test_page_speaks_five_languages_and_the_guide_keeps_its_own(site, page, language):
    begin(site, page, f"speaks-{language}")
    page.get_by_label("Language").select_option(language)
    said = json.loads((PAGE / "i18n" / f"{language}.json").read_text(encoding="utf-8"))
    expect(page.get_by_role("heading", level=1)).to_have_text(said["title"])
    expect(page.get_by_role("button", name=said["send"])).to_be_visible()
    expect(page.get_by_role("radio", name=said["verdict.both-bad"])).to_be_visible()
    expect(page.locator("html")).to_have_attribute("lang", language)
    expect(page.locator("#left")).to_have_attribute("lang", "en")


def test_every_language_has_every_word():
    found = {
        code: json.loads((PAGE / "i18n" / f"{code}.json").read_text(encoding="utf-8"))
        for code in LANGUAGES
    }
    assert all(set(words) == set(found["en"]) for words in found.values())
    for key, text in found["en"].items():
        names = set(re.findall(r"\{\w+\}", str(text)))
        assert all(set(re.findall(r"\{\w+\}", str(w[key]))) == names for w in found.values()), key


@pytest.mark.parametrize(
    ("width", "options"),
    [(1280, {}), (390, {"color_scheme": "dark"}), (320, {"contrast": "more"})],
    ids=["desk", "phone, dark", "narrow, high contrast"],
)
def test_axe_finds_nothing_and_nothing_is_cut_off(site, browser, width, options):
    from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]

    with visit(browser, width, 800, bypass_csp=True, **options) as page:
        begin(site, page, f"axe-{width}", votes_a_voter=1)
        page.get_by_role("button", name="Vote").click()  # with its message shown
        wide = page.evaluate("document.documentElement.scrollWidth")
        found = [v["id"] for v in Axe().run(page).response["violations"]]
        answer(page, "The first")
        page.get_by_role("button", name="Compare more").wait_for()
        found += [v["id"] for v in Axe().run(page).response["violations"]]
    assert found == []
    assert wide == width


def test_guides_are_heard_one_at_a_time(browser, tmp_path, monkeypatch):
    monkeypatch.delenv("GUIDE_MODELS")  # the voice is fetched once, into the checkout
    with running(tmp_path / "museum.sqlite", QUICK, silent=False) as site:
        assert site.services.voices.available("en")
        with visit(browser) as page:
            begin(site, page, "heard")
            first, second = page.locator("audio").all()
            first.evaluate("audio => audio.play()")
            expect(first).to_have_js_property("paused", False)
            second.evaluate("audio => audio.play()")
            expect(second).to_have_js_property("paused", False)
            expect(first).to_have_js_property("paused", True)
            assert 10 < second.evaluate("audio => audio.duration") < 90
            assert "good" not in (first.get_attribute("src") or "")
