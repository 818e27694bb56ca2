"""The site: builds with warnings as errors; every page of it opens in a browser, which asks nobody else."""

import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, Request, Response, sync_playwright

ROOT = Path(__file__).parents[2]
CHROMIUM = shutil.which("chromium")
# The navigation is YAML, but of a shape that needs no parser: one page a line.
PAGES = re.findall(r"^ +- [^:]+: (\S+\.md)$", (ROOT / "mkdocs.yml").read_text(encoding="utf-8"), re.MULTILINE)
# What a reader reads, without code: in code every sign may stand.
PROSE = """() => {
    const text = document.querySelector("article").cloneNode(true);
    text.querySelectorAll("code, pre").forEach(code => code.remove());
    return text.textContent;
}"""


class Quiet(SimpleHTTPRequestHandler):
    """Serves files and writes no log."""

    def log_message(self, *_arguments: Any) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Build the site and serve it on loopback."""
    site = tmp_path_factory.mktemp("site")
    words = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(site)]
    subprocess.run(words, cwd=ROOT, check=True, stdin=subprocess.DEVNULL)
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(site))) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def tab() -> Iterator[Page]:
    """One tab of one browser; starting a browser takes longer than all pages together."""
    if CHROMIUM is None:
        pytest.skip("chromium is not installed")
    with sync_playwright() as playwright:
        # Without its sandbox, because CI is root in a container.
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser.new_page()
        browser.close()


@dataclass(frozen=True, kw_only=True)
class Seen:
    """A page as the browser has it: the addresses it asked for, what went wrong in it, and its headings."""

    asked: list[str]
    wrong: list[str]
    headings: list[str]


def opened(tab: Page, url: str) -> Seen:
    """Open a page and let it finish."""
    asked: list[str] = []
    wrong: list[str] = []

    def on_request(request: Request) -> None:
        asked.append(request.url)

    def on_error(error: object) -> None:
        wrong.append(str(error))

    def on_answer(response: Response) -> None:
        wrong.extend([f"{response.status} {response.url}"] if response.status >= 400 else [])

    tab.on("request", on_request)
    tab.on("pageerror", on_error)
    tab.on("response", on_answer)
    try:
        tab.goto(url, wait_until="networkidle")
        headings = tab.get_by_role("heading", level=1).all_inner_texts()
    finally:
        tab.remove_listener("request", on_request)
        tab.remove_listener("pageerror", on_error)
        tab.remove_listener("response", on_answer)
    return Seen(asked=asked, wrong=wrong, headings=headings)


def address_of(site: str, page: str) -> str:
    """Where MkDocs puts a page: a folder of its own, and the home page at the top."""
    return site + page.removesuffix("index.md").replace(".md", "/")


def test_every_page_is_in_the_navigation() -> None:
    docs = ROOT / "docs"
    assert sorted(PAGES) == sorted(str(path.relative_to(docs)) for path in docs.glob("**/*.md"))


@pytest.mark.parametrize("page", PAGES)
def test_a_page_opens_with_one_heading_and_asks_nobody_else(tab: Page, address: str, page: str) -> None:
    seen = opened(tab, address_of(address, page))
    assert len(seen.headings) == 1
    assert seen.headings[0].strip("¶ \n") != ""
    assert [url for url in seen.asked if not url.startswith((address, "data:", "blob:"))] == []
    assert seen.wrong == []


@pytest.mark.parametrize("page", PAGES)
def test_a_page_shows_no_markup_and_stays_within_its_width(tab: Page, address: str, page: str) -> None:
    tab.goto(address_of(address, page))
    prose = tab.evaluate(PROSE)
    assert [mark for mark in ("**", "](", "| ---", "```") if mark in prose] == []
    assert tab.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_its_search_finds_the_rehearsal(tab: Page, address: str) -> None:
    tab.goto(address)
    tab.get_by_role("textbox", name="Search").click()
    tab.get_by_role("textbox", name="Search").press_sequentially("rehearse")
    tab.locator(".md-search-result__item").first.wait_for(timeout=20_000)
    assert "rehearse" in tab.locator(".md-search-result__item").first.inner_text()
