"""A real browser and a real `guide serve` for the tests of the page.

`Museum` is the command itself in a process of its own, which a test may kill; `Visitor` is a page of
Chromium whose console is watched: a broken content security policy or a script's error fails the test.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.conftest import GUIDE

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
PATIENCE = 120_000
"""Milliseconds for anything to appear: a busy machine is no fault of the page."""
PASSWORD = "correct horse battery staple"
ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--autoplay-policy=no-user-gesture-required",
]  # fmt: skip
WORKS = """stop,title,artist,date,medium,dimensions,form,notes,credit_line
7,Girl with a Pearl Earring,Johannes Vermeer,c. 1665,oil on canvas,44.5 x 39 cm,painting,\
It was bought for two guilders in 1881.,"Mauritshuis, The Hague"
12,The Jug,Paul Cézanne,1890,oil on canvas,46 x 55 cm,painting,,
30,<script>document.title='broken'</script>,Anonymous & Co.,1900,ink on paper,20 x 30 cm,drawing,,
,Head of a Man,,2nd century,marble,H. 31 cm,sculpture,,
"""
needs_chromium = pytest.mark.skipif(
    CHROMIUM is None, reason="no Chromium is installed: apt-get install chromium"
)


class Museum:
    """`guide serve` on loopback; `kill` and `start` again keep its port and its store."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        self.folder = folder
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        (folder / "works.csv").write_text(WORKS)
        (folder / "password.txt").write_text(PASSWORD)
        self._command = [
            str(GUIDE), "serve", "--port", str(self.port), "--museum", "Our Museum",
            "--store", f"sqlite:///{folder / 'store.sqlite'}", "--works", str(folder / "works.csv"),
            "--password-file", str(folder / "password.txt"), *arguments,
        ]  # fmt: skip
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> Museum:
        """Serve, and return once it answers."""
        environment = {k: v for k, v in os.environ.items() if k != "GUIDE_MODELS"}
        with (self.folder / "serve.log").open("ab") as log:
            self._process = subprocess.Popen(
                self._command, stdout=log, stderr=log, cwd=self.folder, env=environment
            )
        for _ in range(1200):
            with contextlib.suppress(requests.RequestException):
                if requests.get(f"{self.url}/healthz", timeout=5).json()["ready"]:
                    return self
            if self._process.poll() is not None:
                break
            time.sleep(0.1)
        raise AssertionError((self.folder / "serve.log").read_text())

    def kill(self) -> None:
        """End it as a power cut would."""
        if self._process is not None:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait()
            self._process = None

    def get(self, path: str) -> Any:
        """An answer of the API, parsed."""
        answer = requests.get(self.url + path, timeout=30)
        assert answer.ok, answer.text
        return answer.json()


@contextmanager
def museum(folder: Path, *arguments: str) -> Iterator[Museum]:
    """A museum that is open as long as it is needed."""
    serving = Museum(folder, *arguments)
    try:
        yield serving.start()
    finally:
        serving.kill()


@contextmanager
def chromium() -> Iterator[Browser]:
    """The system's Chromium, driven by Playwright; no browser is downloaded."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


@contextmanager
def visit(browser: Browser, width: int = 390, height: int = 844, **options: Any) -> Iterator[Page]:
    """A fresh page of a phone's size; its console has to stay free of errors."""
    context = browser.new_context(
        viewport={"width": width, "height": height}, locale="en-GB", **options
    )
    context.set_default_timeout(PATIENCE)
    expect.set_options(timeout=PATIENCE)
    page = context.new_page()
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(f"error: {error}"))
    page.on("console", lambda said: faults.append(said.text) if _is_fault(said) else None)
    yield page
    context.close()
    assert not faults, faults


def _is_fault(said: Any) -> bool:
    """An error of the console; that an address answered 404 or not at all is told there too."""
    return said.type == "error" and not said.text.startswith("Failed to load resource")


def log_in(page: Page, url: str) -> None:
    """Be the curator."""
    page.goto(f"{url}/curator")
    page.get_by_label("The curator’s password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    page.get_by_role("heading", name="Works").wait_for()


def until(page: Page, condition: str) -> None:
    """Wait for a condition; Playwright's own wait evaluates strings, which the page forbids."""
    for _ in range(PATIENCE // 100):
        if page.evaluate(condition):
            return
        page.wait_for_timeout(100)
    raise AssertionError(f"never true: {condition}")


def words(page: Page) -> list[str]:
    """The sentences of the transcript."""
    return page.locator(".sentence").all_inner_texts()
