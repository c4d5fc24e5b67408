"""A person at a browser, without the browser: signs in, reads pages, posts forms over HTTP."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping, Sequence
from html import unescape
from types import TracebackType
from typing import Any, Self

import httpx

from lienthong.core.errors import Problem
from lienthong.run.demo.page import Page

POLL_SECONDS = 0.15
_REASON = re.compile(r'class="lt-(?:error|problem-text)"[^>]*>([^<]+)')
FormData = Mapping[str, str | Sequence[str]]


class PageRefused(Problem):
    """A page answered with something else than success."""

    code = "demo.page_refused"
    status = 502
    text = "Trang {path} trả lời {answer}: {reason}"


class WaitedTooLong(Problem):
    """What had to happen did not happen in time."""

    code = "demo.waited_too_long"
    status = 504
    text = "Chờ quá {seconds} giây mà chưa thấy: {what}"


class Desk:
    """One person signed in at one node's pages."""

    def __init__(self, base_url: str, username: str) -> None:
        self.username = username
        self._client = httpx.Client(base_url=base_url, follow_redirects=True, timeout=60)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._client.close()

    def sign_in(self, password: str) -> None:
        """Raise PageRefused unless name and password open the desk."""
        self.page("/tai-khoan/dang-nhap")
        answer = self._post(
            "/tai-khoan/dang-nhap", {"username": self.username, "password": password}
        )
        if answer.url.path == "/tai-khoan/dang-nhap":
            raise PageRefused(path="/tai-khoan/dang-nhap", answer=401, reason=self.username)

    def page(self, path: str) -> Page:
        """A page. Raises PageRefused on any answer but success."""
        return Page(_accepted(self._client.get(path)).text)

    def file(self, path: str) -> bytes:
        """The bytes behind a download link. Raises PageRefused on any answer but success."""
        return _accepted(self._client.get(path)).content

    def submit(self, path: str, data: FormData, files: Any = None) -> str:
        """Post a form, follow the redirect, return the path arrived at."""
        return _accepted(self._post(path, data, files)).url.path

    def wait(self, path: str, what: str, found: Callable[[Page], bool], seconds: int = 60) -> Page:
        """Read the page again until `found` says yes; return it. Raises WaitedTooLong."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            page = self.page(path)
            if found(page):
                return page
            time.sleep(POLL_SECONDS)
        raise WaitedTooLong(seconds=seconds, what=what)

    def _post(self, path: str, data: FormData, files: Any = None) -> httpx.Response:
        token = next((c.value for c in self._client.cookies.jar if c.name.endswith("_csrf")), "")
        form = {**data, "csrfmiddlewaretoken": token or ""}
        return self._client.post(path, data=form, files=files)


def _accepted(answer: httpx.Response) -> httpx.Response:
    if answer.is_success:
        return answer
    said = _REASON.search(answer.text)
    raise PageRefused(
        path=answer.url.path,
        answer=answer.status_code,
        reason=unescape(said.group(1)).strip() if said else "?",
    )
