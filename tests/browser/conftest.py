"""A running country and people with browsers."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from lienthong.run.demo import country as countries
from lienthong.run.demo.nation import Nation, nation

from .visitor import Visitor

CHROMIUM = Path("/usr/bin/chromium")
OPTIONS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--lang=vi",
]
PICTURES = Path("artefacts") / "screenshots"
PATIENCE_MS = 30_000  # a status needs seconds; a page that renews itself asks every 15 s

Sit = Callable[[str, str], Visitor]


@pytest.fixture(scope="session")
def chromium() -> Path:
    """Debian's browser, or a skip that says how to get it."""
    if not CHROMIUM.exists():
        pytest.skip(f"{CHROMIUM} is missing: sudo apt-get install chromium")
    return CHROMIUM


@pytest.fixture(scope="package")
def running_nation(chromium: Path) -> Iterator[Nation]:
    """The demonstration country: three nodes with their processes, on free ports."""
    directory = Path(tempfile.mkdtemp(prefix="lienthong-browser-"))
    try:
        with pytest.MonkeyPatch.context() as environment:
            # The tests' own node is not the country's: its server and data are not wanted here.
            for name in [name for name in os.environ if name.startswith("LIENTHONG_")]:
                environment.delenv(name)
            with nation(directory, countries.load(), port=None, say=print) as running:
                environment.undo()
                yield running
    finally:
        shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture(scope="module")
def browser(chromium: Path) -> Iterator[Browser]:
    """One browser for a module: Playwright's loop must not outlive it, other tests have theirs."""
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium, args=OPTIONS)
        yield started
        started.close()


@pytest.fixture(scope="session")
def pictures(request: pytest.FixtureRequest) -> Path:
    """Where the pages' pictures are kept, without those of an earlier run."""
    folder = Path(request.config.rootpath) / PICTURES
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


@pytest.fixture
def sit(running_nation: Nation, browser: Browser, pictures: Path) -> Iterator[Sit]:
    """Seat somebody at a browser of a node; at the end nobody may have seen anything wrong."""
    expect.set_options(timeout=PATIENCE_MS)
    seated: list[Visitor] = []

    def seat(node: str, username: str) -> Visitor:
        account = running_nation.accounts[username]
        seated.append(Visitor(browser, running_nation.web_url(node), account, pictures))
        return seated[-1]

    yield seat
    for visitor in seated:
        visitor.leave()
