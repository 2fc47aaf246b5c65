"""Pictures of the page for the README: python -m bench.screenshots [--model small] [--port 8799].

Starts `guide serve` with a few works, drives the system's Chromium as a visitor and as a curator,
and writes docs/screenshots/*.png at phone and desktop size. Needs the extras `serve` and `dev`,
Chromium, and pngquant and optipng to make the files small (each stays under 150 kB).
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.error import URLError
from urllib.request import urlopen

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "docs" / "screenshots"
PASSWORD = "only for pictures"
LARGEST = 150_000  # bytes of one picture
PHONE, DESKTOP = (390, 844), (1280, 800)
WORKS = [
    {"stop": 3, "title": "View of Delft", "artist": "Johannes Vermeer", "artist_bio": "Dutch, Delft 1632–1675 Delft", "date": "c. 1660–1661", "medium": "oil on canvas", "dimensions": "96.5 x 115.7 cm", "subjects": ["a town", "water", "boats"]},
    {"stop": 7, "title": "Girl with a Pearl Earring", "artist": "Johannes Vermeer", "artist_bio": "Dutch, Delft 1632–1675 Delft", "date": "c. 1665", "medium": "oil on canvas", "dimensions": "44.5 x 39 cm", "subjects": ["a girl", "a pearl earring", "a turban"], "notes": ["It was bought at an auction in The Hague for two guilders in 1881."], "museum": "Mauritshuis, The Hague", "credit_line": "Bequest of Arnoldus Andries des Tombe, 1903"},
    {"stop": 12, "title": "The Goldfinch", "artist": "Carel Fabritius", "artist_bio": "Dutch, 1622–1654", "date": "1654", "medium": "oil on panel", "dimensions": "33.5 x 22.8 cm", "subjects": ["a goldfinch", "a feeding box", "a chain"]},
    {"stop": 21, "title": "Winter Landscape with Skaters", "artist": "Hendrick Avercamp", "artist_bio": "Dutch, 1585–1634", "date": "c. 1608", "medium": "oil on panel", "dimensions": "77.3 x 131.9 cm"},
    {"stop": 30, "title": "The Great Wave off Kanagawa", "artist": "Katsushika Hokusai", "artist_bio": "Japanese, 1760–1849", "date": "c. 1830–32", "medium": "woodblock print; ink and colour on paper", "dimensions": "25.7 x 37.9 cm", "form": "print"},
]  # fmt: skip


@contextmanager
def serving(model: str, port: int) -> Iterator[str]:
    """A museum for the pictures; yields its address."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "works.json").write_text(json.dumps(WORKS))
        (folder / "password.txt").write_text(PASSWORD)
        guide = Path(sys.executable).with_name("guide")
        process = subprocess.Popen(
            [guide, "serve", "--model", model, "--port", str(port), "--museum", "Mauritshuis",
             "--works", "works.json", "--password-file", "password.txt"],
            cwd=folder,
        )  # fmt: skip
        url = f"http://127.0.0.1:{port}"
        try:
            _wait(url)
            yield url
        finally:
            process.terminate()
            process.wait()


def _wait(url: str) -> None:
    for _ in range(600):
        try:
            with urlopen(f"{url}/api/config", timeout=60):
                return
        except (URLError, OSError):
            time.sleep(0.5)
    raise SystemExit(f"{url} did not answer.")


def picture(page: Page, name: str) -> None:
    """One PNG, made small; says its size."""
    path = FOLDER / f"{name}.png"
    page.wait_for_timeout(700)
    page.screenshot(path=path)
    subprocess.run(
        ["pngquant", "--force", "--skip-if-larger", "--output", path, "128", path], check=False
    )
    subprocess.run(["optipng", "-quiet", "-o5", path], check=True)
    size = path.stat().st_size
    print(f"{path.relative_to(ROOT)}  {size / 1000:.0f} kB")
    assert size < LARGEST, path


@contextmanager
def opened(browser: Browser, size: tuple[int, int], theme: str = "system") -> Iterator[Page]:
    """A page of one size in one palette."""
    context = browser.new_context(
        viewport={"width": size[0], "height": size[1]}, device_scale_factor=1.5 if size == PHONE else 1,
        service_workers="block", locale="en-GB", reduced_motion="reduce",
    )  # fmt: skip
    choice = json.dumps({"language": "en", "theme": theme})
    context.add_init_script(f"localStorage.setItem('museum-guide', {json.dumps(choice)})")
    page = context.new_page()
    page.set_default_timeout(300_000)
    yield page
    context.close()


def visitor(browser: Browser, url: str) -> None:
    """The visitor's views."""
    for size, name in ((PHONE, "phone"), (DESKTOP, "desktop")):
        with opened(browser, size) as page:
            page.goto(url)
            page.locator(".works li").first.wait_for()
            page.get_by_role("button", name="7", exact=True).click()
            picture(page, f"{name}-home")
            page.get_by_role("button", name="Listen").click()
            page.locator(".badge").wait_for()
            page.locator(".sentence").nth(1).click()
            picture(page, f"{name}-guide")
    with opened(browser, PHONE, "dark") as page:
        page.goto(f"{url}/s/7")
        page.locator(".badge").wait_for()
        page.get_by_role("button", name="Pause").click()
        page.get_by_text("What is this based on?").click()
        page.locator(".basis").evaluate("element => scrollTo(0, element.offsetTop - 20)")
        picture(page, "phone-basis-dark")
    with opened(browser, PHONE, "contrast") as page:
        page.goto(url)
        page.locator(".works li").first.wait_for()
        page.get_by_role("button", name="Settings").click()
        picture(page, "phone-settings-contrast")


def curator(browser: Browser, url: str) -> None:
    """The curator's views."""
    with opened(browser, DESKTOP) as page:
        page.goto(f"{url}/curator")
        page.get_by_label("The curator’s password").fill(PASSWORD)
        page.get_by_role("button", name="Log in").click()
        page.get_by_role("link", name="Girl with a Pearl Earring").click()
        card = page.locator(".guide-card").first
        text = card.locator(".text").inner_text()
        card.get_by_role("button", name="Edit").click()
        page.get_by_label("The guide’s words").fill(text + " Vermeer painted it in Venice in 1702.")
        page.get_by_role("button", name="Save and check").click()
        card.locator("mark").first.wait_for()
        page.get_by_role("heading", name="Guides", exact=True).evaluate(
            "element => scrollTo(0, element.offsetTop - 24)"
        )
        picture(page, "desktop-curator-guide")
        page.goto(f"{url}/curator#works")
        page.locator(".rows li").first.wait_for()
        picture(page, "desktop-curator-works")


def main() -> None:
    """Make all the pictures."""
    from playwright.sync_api import sync_playwright

    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--model", default="small", help="what writes the guides of the pictures")
    parser.add_argument("--port", type=int, default=8799)
    parser.add_argument("--chromium", default="/usr/bin/chromium")
    chosen = parser.parse_args()
    FOLDER.mkdir(parents=True, exist_ok=True)
    with serving(chosen.model, chosen.port) as url, sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chosen.chromium,
            args=["--no-sandbox", "--disable-gpu", "--autoplay-policy=no-user-gesture-required"],
        )
        visitor(browser, url)
        curator(browser, url)
        browser.close()


if __name__ == "__main__":
    main()
