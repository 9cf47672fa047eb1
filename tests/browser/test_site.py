"""The documentation as a site, as a reader opens it from the disk with the network closed."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urldefrag

import pytest

from conftest import REPOSITORY

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site, built strictly: a link or an anchor that leads nowhere fails (unless --quiet)."""
    folder = tmp_path_factory.mktemp("site")
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--site-dir", folder],
        cwd=REPOSITORY, env=os.environ | {"NO_MKDOCS_2_WARNING": "1"},
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
    return folder


@pytest.fixture
def read(browser, site: Path) -> Iterator[Callable]:
    """Open a page of the site; a console message or a request that leaves the disk fails."""
    context = browser.new_context(viewport={"width": 1280, "height": 800}, offline=True)
    problems: list[str] = []

    def note(request) -> None:
        if not request.url.startswith((site.as_uri(), "data:", "blob:", "about:")):
            problems.append(f"request to {request.url}")

    def open_page(path: str):
        page = context.new_page()
        page.on("console", lambda message: problems.append(message.text))
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("request", note)
        page.goto((site / path).as_uri())
        return page

    yield open_page
    context.close()
    assert problems == []


def expected_pages() -> set[str]:
    """Every page of the documentation, as the site names it."""
    spec = importlib.util.spec_from_file_location("site_pages", REPOSITORY / "tools/site.py")
    assert spec is not None
    assert spec.loader is not None
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    sources = [path for section in tool.SECTIONS for path in tool.pages_of(section)]
    return {path.replace("README.md", "index.md").replace(".md", ".html") for path in sources}


def links_of(page) -> set[str]:
    """Where the links of a page lead, without fragments."""
    found = page.eval_on_selector_all("a[href]", "all => all.map(a => a.href)")
    return {urldefrag(link).url for link in found}


def test_every_page_can_be_reached_and_opens_with_its_pictures(site: Path, read) -> None:
    todo, seen = {(site / "index.html").as_uri()}, set()
    page = read("index.html")
    while todo:
        url = todo.pop()
        seen.add(url.removeprefix(f"{site.as_uri()}/"))
        page.goto(url)
        assert page.locator("h1").first.inner_text()
        pictures = page.locator("article img")
        assert all(pictures.evaluate_all("all => all.map(i => i.complete && i.naturalWidth > 50)"))
        local = {link for link in links_of(page) if link.startswith("file:")}
        missing = [link for link in local if not Path(link.removeprefix("file://")).is_file()]
        assert missing == []
        pages = {link for link in local if link.endswith(".html")}
        todo |= {link for link in pages if link.removeprefix(f"{site.as_uri()}/") not in seen}
    assert seen == expected_pages()
    written = (path.relative_to(REPOSITORY) for path in REPOSITORY.glob("docs/*.md"))
    assert {path.with_suffix(".html").as_posix() for path in written} <= seen


def test_search_finds_a_word_without_a_server(read) -> None:
    page = read("docs/guide.html")
    page.keyboard.press("/")
    page.keyboard.type("sidestep")
    result = page.locator('.md-search-result__item a[href*="docs/model.html"]').first
    result.wait_for(timeout=30_000)
    assert "model" in result.inner_text().lower()
    result.click()
    page.wait_for_url("**/docs/model.html*")


def test_it_is_readable_on_a_phone(read) -> None:
    page = read("docs/model.html")
    page.set_viewport_size({"width": 380, "height": 800})
    assert not page.evaluate("document.documentElement.scrollWidth > innerWidth")


def test_its_files_name_no_script_style_or_font_elsewhere(site: Path) -> None:
    for file in site.rglob("*.html"):
        text = file.read_text(encoding="utf-8")
        for remote in ('src="http', "src=//", 'rel="preconnect"', 'rel="stylesheet" href="http'):
            assert remote not in text, file.name
