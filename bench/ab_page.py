"""A blind comparison from beginning to verdict: scripted voters in a real browser, and bots.

    python -m bench.ab_page                       # until the test has decided
    python -m bench.ab_page --prefer 0.5          # voters without a preference: no winner

A real server, Debian's Chromium, the page `/vote/…`. Variant "corpus" is the corpus's own guides;
"spoiled" the same with a sentence that the record contradicts. Each voter is a browser of its own,
reads the two texts off the page, knows which is spoiled as a reader would, prefers the other with
the chance given, and answers attention checks rightly; some are careless and answer anything. After
every voter the report is made anew, and the comparison stops at the first decision. Meanwhile bots
try to vote by other ways. To be through within minutes the least reading time is switched off, but
for the bot that is to be stopped by it.
"""

from __future__ import annotations

import argparse
import contextlib
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from random import Random

import requests
from playwright.sync_api import Browser, Page, sync_playwright

from bench.common import machine
from data.guides import read_corpus
from evaluate.ab.guard import Limits
from evaluate.ab.report import make_report, print_report
from evaluate.ab.sequential import Decision
from evaluate.ab.store import Entry, Rules, VoteStore
from evaluate.ab.votes import read_votes
from tests.browser import ARGUMENTS, CHROMIUM
from tests.vote_server import running

SPOILT = "It was sold to a farmer in 1712 for nine hundred pounds."
NAME = "bench"


def entries(count: int) -> list[Entry]:
    """Works with the corpus's own guide and a spoiled one."""
    rows = [g for g in read_corpus() if (g.style, g.language, g.length) == ("clear", "en", "brief")]
    return [
        Entry(
            row.id, row.artwork.as_record(),
            {"language": row.language, "length": row.length, "style": row.style},
            {"corpus": row.script, "spoiled": f"{row.script} {SPOILT}"},
        )
        for row in rows[:count]
    ]  # fmt: skip


class Voter:
    """A person with a browser of its own and a taste."""

    def __init__(
        self, page: Page, titles: dict[str, str], rng: Random, prefer: float, careless: bool
    ) -> None:  # fmt: skip
        self.page, self.titles, self.rng = page, titles, rng
        self.prefer, self.careless = prefer, careless

    def vote_all(self, url: str) -> int:
        """Vote until the page says thanks; returns how many votes that took."""
        self.page.goto(f"{url}/vote/{NAME}")
        cast = 0
        while True:
            self.page.locator("#ballot:not([hidden]), #thanks:not([hidden])").first.wait_for()
            if self.page.locator("#thanks").is_visible():
                return cast
            before = self.page.locator("#progress").inner_text()
            self.page.get_by_role("radio", name=self.verdict()).check()
            self.page.get_by_role("button", name="Vote").click()
            cast += 1
            self.page.locator("#progress", has_not_text=before).or_(
                self.page.locator("#thanks:not([hidden])")
            ).first.wait_for()

    def verdict(self) -> str:
        """What this person says to the pair on the page."""
        if self.careless:
            return self.rng.choice(["The first", "The second", "Equally good", "Both bad"])
        title = self.page.locator("#work").inner_text()
        texts = [self.page.locator(f"#{side}").inner_text() for side in ("left", "right")]
        about = [self.knows(text, title) for text in texts]
        if about[0] != about[1]:  # an attention check: one speaks of another work
            return "The first" if about[0] else "The second"
        spoilt = [SPOILT in text for text in texts]
        better = spoilt.index(False) if False in spoilt else 0
        right = self.rng.random() < self.prefer
        return ("The first", "The second")[better if right else 1 - better]

    def knows(self, text: str, title: str) -> bool:
        """Whether a text is of the work on the page, as a reader would see by its words."""
        return self.titles.get(text.removesuffix(f" {SPOILT}")) == title


def browse(browser: Browser) -> contextlib.AbstractContextManager[Page]:
    """A browser that nobody has used before."""

    @contextlib.contextmanager
    def opened() -> Iterator[Page]:
        context = browser.new_context(locale="en-GB")
        yield context.new_page()
        context.close()

    return opened()


def bots(url: str) -> dict[str, int]:
    """Ways to vote without being a person; returns the status of each answer."""
    with requests.Session() as session:
        session.headers["Origin"] = url
        ballot = session.get(f"{url}/api/vote/{NAME}/ballot", timeout=30).json()
        address = f"{url}/api/vote/{NAME}/ballots/{ballot['id']}"
        vote = {"verdict": "left"}

        def tried(**more: object) -> int:
            send = session if more.pop("known", True) else requests
            return send.post(address, timeout=30, **{"json": vote} | more).status_code  # type: ignore[arg-type]

        return {
            "no cookie": tried(known=False, headers={"Origin": url}),
            "forged cookie": tried(known=False, headers={"Origin": url},
                                   cookies={"guide_voter": "InNvbWVib2R5Ig.forged"}),
            "another site's page": tried(headers={"Origin": "https://elsewhere.example"}),
            "no browser": tried(headers={"Origin": None}),
            "hidden field filled in": tried(json=vote | {"website": "https://buy.example"}),
            "a vote, this once": tried(),
            "the same vote again": tried(),
        }  # fmt: skip


def too_soon(entries_: list[Entry]) -> int:
    """The status of a vote cast at once where the least reading time is on."""
    with tempfile.TemporaryDirectory() as folder, running(Path(folder) / "store.sqlite") as site:
        site.votes.create(NAME, ["corpus", "spoiled"], entries_, Rules())
        with requests.Session() as session:
            session.headers["Origin"] = site.url
            ballot = session.get(f"{site.url}/api/vote/{NAME}/ballot", timeout=30).json()
            address = f"{site.url}/api/vote/{NAME}/ballots/{ballot['id']}"
            return session.post(address, json={"verdict": "left"}, timeout=30).status_code


def compare(
    browser: Browser, url: str, store: VoteStore, titles: dict[str, str],
    options: argparse.Namespace,
) -> tuple[int, Decision]:  # fmt: skip
    """Let voters come until the report decides; returns how many came, and the decision."""
    rng = Random(options.seed)
    decision = Decision.undecided
    for came in range(1, options.voters + 1):
        careless = rng.random() < options.careless
        with browse(browser) as page:
            Voter(page, titles, rng, options.prefer, careless).vote_all(url)
        decision = make_report(store, NAME).verdicts[0].decision
        if decision is not Decision.undecided:
            return came, decision
    return options.voters, decision


def main() -> None:
    """Run one comparison and print what came of it."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--prefer", type=float, default=0.85, help="chance of voting for corpus")
    parser.add_argument("--careless", type=float, default=0.15, help="share of careless voters")
    parser.add_argument("--voters", type=int, default=40, help="most voters")
    parser.add_argument("--works", type=int, default=12)
    parser.add_argument("--votes", type=int, default=6, help="votes of a person")
    parser.add_argument("--attention", type=int, default=4, help="every so many pairs a check")
    parser.add_argument("--seed", type=int, default=17)
    options = parser.parse_args()
    made = entries(options.works)
    titles = {entry.guides["corpus"]: entry.artwork["title"] for entry in made}
    limits = Limits(words_a_second=1e9, least_seconds=0.0, votes_a_minute=10**6,
                    voters_an_hour=10**6)  # fmt: skip
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        with running(Path(folder) / "store.sqlite", limits) as site:
            site.votes.create(
                NAME,
                ["corpus", "spoiled"],
                made,
                Rules(votes_a_voter=options.votes, attention_every=options.attention),
            )
            begun = time.perf_counter()
            came, decision = compare(browser, site.url, site.votes, titles, options)
            seconds = time.perf_counter() - begun
            refused = bots(site.url)
            print_report(make_report(site.votes, NAME))
            votes = read_votes(site.votes, NAME)
        browser.close()
    left = Counter(outcome.left for outcome in votes.outcomes)
    print(f"\ncorpus stood on the left in {left['corpus']} of {len(votes.outcomes)} votes")
    for name, status in (refused | {"a vote at once": too_soon(made)}).items():
        print(f"bot: {name}: {status}")
    print(f"{decision} after {came} voters; {seconds:.0f} s; {machine()}")


if __name__ == "__main__":
    main()
