"""A person at a browser: does what people do, and looks hard at every page on the way.

`look` is the point: at both widths the page is measured for overflow and for accessibility, in the
light and in the dark, and kept as a picture. What it finds, and what a page must never do (an error
in the console, a breach of its own security policy, a request to another host), is collected and
told by `leave`, all at once.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, ConsoleMessage, Locator, Page, Request, expect

from lienthong.run.demo.journey import Account

WIDE, PHONE = 1280, 390
HEIGHTS = {WIDE: 800, PHONE: 844}
SERIOUS = {"serious", "critical"}
TABS_MAX = 80
LOCAL_SCHEMES = {"data", "blob"}
TELL_BREACHES = """
addEventListener("securitypolicyviolation", (event) =>
  console.error(`CSP: ${event.violatedDirective} refused ${event.blockedURI}`));
"""
LOAD_PICTURES = """
() => Promise.all([document.fonts.ready, ...[...document.images].map((image) => {
  image.loading = "eager";
  return image.decode();
})])
"""
SETTLE = """
async () => {
  const frame = () => new Promise((next) => requestAnimationFrame(next));
  await frame();
  const page = document.documentElement; // Chromium at times leaves inherited colours as they were
  page.hidden = true;
  page.getBoundingClientRect();
  page.hidden = false;
  await Promise.allSettled(document.getAnimations().map((change) => change.finished));
  await frame();
}
"""
TOO_WIDE = """
() => {
  const right = (part) => part.getBoundingClientRect().right;
  const isWider = (part) => right(part) > right(part.closest(".lt-panel") ?? document.body) + 1;
  const isWide = document.documentElement.scrollWidth > document.documentElement.clientWidth;
  return [...document.querySelectorAll(isWide ? "body *" : ".lt-panel :is(table, td, dl, pre)")]
    .filter(isWider).map((part) => `${part.tagName} .${part.className}`);
}
"""


class Visitor:
    """One person in a browser window of their own, signed in at one node."""

    def __init__(self, browser: Browser, url: str, account: Account, pictures: Path) -> None:
        self.account = account
        self.problems: list[str] = []
        self._host = urlsplit(url).netloc
        self._pictures = pictures
        self._context = browser.new_context(
            # Nothing moves: a colour halfway to another would be measured as one of the page's.
            base_url=url,
            locale="vi-VN",
            reduced_motion="reduce",
        )
        self._context.add_init_script(TELL_BREACHES)
        self._context.on("request", self._note_request)
        self.page: Page = self._context.new_page()
        self.page.on("console", self._note_console)
        self.page.on("pageerror", lambda error: self.problems.append(f"script: {error}"))
        self.resize(WIDE)

    def resize(self, width: int) -> None:
        """Look through a window of this width from now on."""
        self._width = width
        self.page.set_viewport_size({"width": width, "height": HEIGHTS[width]})

    def open(self, path: str) -> None:
        """Go to an address."""
        self.page.goto(path)

    def sign_in(self) -> None:
        """Type name and password at the door."""
        self.open("/")
        self.field("Tên đăng nhập").fill(self.account.username)
        self.field("Mật khẩu").fill(self.account.password)
        self.press("Đăng nhập")

    def field(self, label: str | re.Pattern[str]) -> Locator:
        """The field with these words on its label."""
        return self.page.get_by_label(label).and_(self.page.locator("input, textarea, select"))

    def press(self, name: str) -> None:
        """Press the button with these words."""
        self.page.get_by_role("button", name=name, exact=True).click()

    def follow(self, name: str) -> None:
        """Follow the first link of the page itself that holds these words."""
        self.page.get_by_role("main").get_by_role("link", name=name).first.click()

    def tab_to(self, wanted: Locator) -> None:
        """Press Tab until `wanted` has the focus, and see that the focus shows."""
        for _ in range(TABS_MAX):
            if wanted.evaluate("part => part === document.activeElement"):
                if wanted.evaluate("part => getComputedStyle(part).outlineStyle") == "none":
                    self.problems.append(f"the focus does not show on {wanted}")
                return
            self.page.keyboard.press("Tab")
        raise AssertionError(f"Tab does not lead to {wanted}")

    def type_into(self, label: str | re.Pattern[str], text: str) -> None:
        """Reach a field by keyboard and type."""
        self.tab_to(self.field(label))
        self.page.keyboard.type(text)

    def choose(self, label: str, words: str) -> None:
        """Reach a list by keyboard and go down to the choice that begins with `words`."""
        field = self.field(label)
        self.tab_to(field)
        for _ in range(TABS_MAX):
            chosen = str(field.evaluate("list => list.selectedOptions[0].label"))
            if chosen.startswith(words):
                return
            self.page.keyboard.press("ArrowDown")
        raise AssertionError(f"no choice {words!r} under {label!r}")

    def sees(self, words: str) -> None:
        """These words are on the page, or come soon."""
        expect(self.page.get_by_role("main")).to_contain_text(words)

    def look(self, name: str) -> None:
        """Measure the page at both widths and keep its pictures."""
        before = self._width
        for width in (WIDE, PHONE):
            self.resize(width)
            self.page.evaluate(LOAD_PICTURES)
            seen = [f"too wide: {part}" for part in self.page.evaluate(TOO_WIDE)]
            seen += _barriers(self.page)
            if width == WIDE:
                seen += self._barriers_in_the_dark()
            self.problems += [f"{name} at {width} px: {told}" for told in seen]
            self._keep_picture(f"{name}-{width}.png")
        self.resize(before)
        self._note_picture(name)

    @contextmanager
    def refused(self, status: int) -> Iterator[None]:
        """The browser writes refusals down as errors; this one is meant."""
        seen = len(self.problems)
        yield
        meant = re.compile(rf"status of {status}\b|Response Status Error Code {status}\b")
        self.problems[seen:] = [told for told in self.problems[seen:] if not meant.search(told)]

    def leave(self) -> None:
        """Close the window and tell what went wrong in it."""
        self._context.close()
        assert not self.problems, "\n".join([self.account.username, *self.problems])

    def _barriers_in_the_dark(self) -> list[str]:
        self.page.emulate_media(color_scheme="dark")
        self.page.evaluate(SETTLE)
        found = [f"in the dark: {told}" for told in _barriers(self.page)]
        self.page.emulate_media(color_scheme="null")
        self.page.evaluate(SETTLE)
        return found

    def _keep_picture(self, name: str) -> None:
        # In a window as high as the page, so that what is fixed to an edge stands at the edge.
        height = int(self.page.evaluate("document.documentElement.scrollHeight"))
        self.page.set_viewport_size({"width": self._width, "height": height})
        # The defaults would write a style into the page, which its security policy refuses.
        self.page.screenshot(path=self._pictures / name, caret="initial", animations="allow")

    def _note_picture(self, name: str) -> None:
        """What `tools/picture_pages.py` says beside the picture."""
        address = urlsplit(self.page.url)
        seen = {"name": name, "path": address.path, "title": self.page.title()}
        with (self._pictures / "pages.jsonl").open("a", encoding="utf-8") as file:
            file.write(json.dumps(seen, ensure_ascii=False) + "\n")

    def _note_request(self, request: Request) -> None:
        address = urlsplit(request.url)
        if address.netloc != self._host and address.scheme not in LOCAL_SCHEMES:
            self.problems.append(f"asked another host: {request.url}")

    def _note_console(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self.problems.append(f"{message.type}: {message.text}")


def _barriers(page: Page) -> list[str]:
    """What keeps people out, by the rules of axe-core: serious and critical ones."""
    found: list[dict[str, Any]] = Axe().run(page).response["violations"]
    return [
        f"{each['id']} ({each['impact']}): {node['html']} {node.get('failureSummary', '')}"
        for each in found
        if each["impact"] in SERIOUS
        for node in each["nodes"]
    ]
