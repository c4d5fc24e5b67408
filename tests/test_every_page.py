"""What holds for every page, whatever it shows. The list of pages is the router's own."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from pytest_django import Settings

import lienthong

SOURCE = Path(lienthong.__file__).parent
PUBLIC = {
    "/suc-khoe",
    "/tai-khoan/dang-nhap",
    "/tai-khoan/dang-xuat",
    "/ngon-ngu/",
    "/giao-dien/",
    "/tai-khoan/xac-thuc",
    "/tai-khoan/dinh-danh/khac",
    "/tai-khoan/dinh-danh/khac/ve",
}
UNKNOWN_ID = "00000000-0000-7000-8000-000000000000"  # the same in every process that runs the tests
READS = {"GET", "HEAD"}
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Frame-Options": "SAMEORIGIN",
}


def routes(
    patterns: list[URLPattern | URLResolver] | None = None, prefix: str = "/"
) -> Iterator[str]:
    """The address of every route, with something of the right kind in each place."""
    for pattern in get_resolver().url_patterns if patterns is None else patterns:
        path = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from routes(pattern.url_patterns, path)
        else:
            path = re.sub(r"<uuid:\w+>", UNKNOWN_ID, path)
            path = re.sub(r"<slug:\w+>", "khac", path)
            yield re.sub(r"<int:\w+>", "1", path)


ROUTES = sorted(set(routes()))
# For other software, which says who it is with a token: no session opens it, and no page answers.
INTERFACE = [path for path in ROUTES if path.startswith("/van-ban/api/")]
DESCRIPTION = "/van-ban/api/v1/openapi.json"
PRIVATE = [path for path in ROUTES if path not in {*PUBLIC, *INTERFACE}]


@pytest.fixture(autouse=True)
def _static_directory(settings: Settings) -> None:
    """WhiteNoise warns when nothing was collected yet, and warnings are errors here."""
    Path(settings.STATIC_ROOT).mkdir(parents=True, exist_ok=True)


def test_the_router_is_read_whole() -> None:
    assert len(ROUTES) > 25
    assert "/truc/hang-doi/" in ROUTES
    assert DESCRIPTION in INTERFACE


@pytest.mark.django_db
@pytest.mark.parametrize("path", PRIVATE)
def test_nobody_sees_or_does_anything_without_signing_in(client: Client, path: str) -> None:
    """TM-X-10: a page leads to the door, everything else is refused."""
    read, sent = client.get(path), client.post(path)
    part = client.get(path, headers={"HX-Request": "true"})

    assert read.status_code == 302
    assert read["Location"].startswith("/tai-khoan/dang-nhap?next=")
    assert sent.status_code == 401
    assert part.status_code == 401


@pytest.mark.django_db
@pytest.mark.parametrize("path", [path for path in INTERFACE if path != DESCRIPTION])
def test_no_software_reads_or_does_anything_without_a_token(client: Client, path: str) -> None:
    """TM-X-10: 405 for a method that the address does not have, else 401."""
    found = {client.get(path).status_code, client.post(path).status_code}

    assert 401 in found
    assert found <= {401, 405}


@pytest.mark.django_db
@pytest.mark.parametrize("path", [*ROUTES, "/khong-co"])
def test_every_answer_carries_the_security_headers(client: Client, path: str) -> None:
    """TM-X-31: a policy with a nonce and nothing unsafe, and the headers around it."""
    answer, again = client.get(path), client.get(path)

    policy = answer["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "frame-ancestors 'self'" in policy
    assert "unsafe" not in policy
    assert policy != again["Content-Security-Policy"]  # a nonce is used once
    assert {name: answer[name] for name in HEADERS} == HEADERS


@pytest.mark.django_db
@pytest.mark.parametrize(
    "path", ["/tai-khoan/doi-vai", "/tai-khoan/dang-nhap", "/ngon-ngu/", "/giao-dien/"]
)
def test_a_form_of_another_site_is_refused(path: str) -> None:
    """TM-X-05: every unsafe method needs the token of a page of ours."""
    client = Client(enforce_csrf_checks=True, headers={"Origin": "https://evil.example"})

    answer = client.post(path, {"language": "en", "username": "a", "password": "b"})

    assert answer.status_code == 403
    assert "Trang này đã cũ" in answer.content.decode()


@pytest.mark.django_db
def test_a_page_that_breaks_tells_an_id_and_nothing_else(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """TM-X-30: no path, no SQL, no text of the error; the log has the same id."""
    client.raise_request_exception = False
    monkeypatch.setattr("lienthong.web.pages.connection", object())

    answer = client.get("/suc-khoe")

    shown = answer.content.decode()
    assert answer.status_code == 500
    assert re.search(r"Mã sự cố.*<strong[^>]*>[0-9a-f]{12}<", shown)
    assert "Traceback" not in shown
    assert "object" not in shown
    assert "/suc-khoe" not in shown


def test_templates_hold_no_script_style_or_foreign_address_of_their_own() -> None:
    """TM-X-31: the policy has nothing to forgive; and no page asks another host for anything."""
    guilty = [
        (path.relative_to(SOURCE).as_posix(), found)
        for path in SOURCE.rglob("templates/**/*.html")
        for found in re.findall(
            r"<script(?![^>]*src=)[^>]*>|\sstyle=|\son\w+=|https?://[^\"' ]+|\|safe\b|autoescape",
            path.read_text(encoding="utf-8"),
        )
    ]

    assert guilty == []


def test_scripts_stay_small() -> None:
    """Old laptops: all script of a page is under 200 KB."""
    scripts = list((SOURCE / "web" / "static").rglob("*.js"))

    assert scripts
    assert sum(path.stat().st_size for path in scripts) < 200 * 1024


def test_every_icon_that_is_used_is_in_the_sprite() -> None:
    sprite = (SOURCE / "web" / "static" / "lienthong" / "icons.svg").read_text(encoding="utf-8")
    drawn = set(re.findall(r'<symbol id="([\w-]+)"', sprite))
    used = {
        name
        for path in SOURCE.rglob("templates/**/*.html")
        for name in re.findall(r'{% icon "([\w-]+)"', path.read_text(encoding="utf-8"))
    }

    assert used
    assert used <= drawn
