"""Light, dark and high contrast: the reader's choice is kept, and nothing else is led anywhere."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.http import HttpRequest
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from lienthong.web.themes import COOKIE, Theme, theme_of

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _static_directory(settings: Settings) -> None:
    """WhiteNoise warns when nothing was collected yet, and warnings are errors here."""
    Path(settings.STATIC_ROOT).mkdir(parents=True, exist_ok=True)


@pytest.mark.parametrize("theme", Theme)
def test_a_chosen_theme_is_kept_and_shown(client: Client, theme: Theme) -> None:
    answer = client.post("/giao-dien/", {"theme": theme.value, "next": "/tai-khoan/dang-nhap"})

    assert answer.headers["Location"] == "/tai-khoan/dang-nhap"
    page = client.get("/tai-khoan/dang-nhap").content.decode()
    assert f'data-theme="{theme.value}"' in page
    assert f'tokens-dark.css" media="{theme.dark_media}"' in page
    assert f'tokens-contrast.css" media="{theme.contrast_media}"' in page


def test_a_machine_that_asks_for_contrast_gets_it_in_every_theme() -> None:
    assert {theme.contrast_media for theme in Theme} == {"all", "(prefers-contrast: more)"}


@pytest.mark.parametrize("value", ["", "đỏ", "<script>", "TOI"])
def test_an_unknown_theme_is_the_machines_own(value: str) -> None:
    request = HttpRequest()
    request.COOKIES[COOKIE] = value

    assert theme_of(request) is Theme.SYSTEM


@pytest.mark.parametrize("wanted", ["https://ngoai.example/", "//ngoai.example/", "javascript:x"])
def test_the_choice_leads_to_no_other_site(client: Client, wanted: str) -> None:
    """TM-X-31."""
    answer = client.post("/giao-dien/", {"theme": "toi", "next": wanted})

    assert answer.headers["Location"] == reverse("home")
