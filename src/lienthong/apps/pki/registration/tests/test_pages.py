"""The pages about certificates as each person sees them."""

from __future__ import annotations

from time import time
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from lienthong.apps.accounts import api as accounts
from lienthong.apps.accounts.api import Actor
from lienthong.apps.pki.models import CertificateRequest

from .conftest import PIN, Ministry, Office

pytestmark = pytest.mark.usefixtures("node")
MINE = ["/chung-thu/", "/chung-thu/yeu-cau/moi/new", "/chung-thu/yeu-cau/moi/revoke"]
DESK = ["/chung-thu/dang-ky/", "/chung-thu/dang-ky/chung-thu/", "/chung-thu/dang-ky/bang/"]


def as_(actor: Actor) -> Client:
    """A browser in which this person has just signed in, in this seat."""
    client = Client()
    client.force_login(accounts.Person.objects.get(pk=actor.person_id))
    session = client.session
    session.update({"seat": actor.seat_id, "seen_at": int(time()), "signed_in_at": int(time())})
    session.save()
    return client


def asked(actor: Actor, **changes: Any) -> Any:
    paper = SimpleUploadedFile("quyet-dinh.pdf", b"%PDF-1.7 x", content_type="application/pdf")
    form = {"profile": "person", "pin": PIN, "again": PIN, "papers": [paper], **changes}
    return as_(actor).post("/chung-thu/yeu-cau/moi/new", form)


def test_everybody_sees_their_own_pages_and_registrars_alone_the_desk(ministry: Ministry) -> None:
    for actor in (ministry.officer, ministry.clerk, ministry.leader, ministry.registrar):
        client = as_(actor)
        assert [client.get(path).status_code for path in MINE] == [200, 200, 200]
        wanted = 200 if actor is ministry.registrar else 403
        assert [client.get(path).status_code for path in DESK] == [wanted] * 3


def test_a_registrar_begins_at_the_worklist(ministry: Ministry) -> None:
    assert as_(ministry.registrar).get("/")["Location"] == "/chung-thu/dang-ky/"
    assert as_(ministry.officer).get("/")["Location"] == "/van-ban/"


def test_a_request_comes_from_the_form_to_the_registrar_with_its_paper(ministry: Ministry) -> None:
    answer = asked(ministry.officer)

    with accounts.everywhere():
        request = CertificateRequest.objects.get()
        paper = request.evidence.get()
    assert answer["Location"] == f"/chung-thu/yeu-cau/{request.pk}"
    client = as_(ministry.registrar)
    shown = client.get(f"/chung-thu/yeu-cau/{request.pk}").content.decode()
    assert "Trần Chuyên bo" in shown
    assert "Hồ sơ hợp lệ" in shown
    file = client.get(f"/chung-thu/yeu-cau/{request.pk}/minh-chung/{paper.pk}")
    assert file.content == b"%PDF-1.7 x"
    assert "sandbox" in file["Content-Security-Policy"]


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"again": "999999"}, "khác nhau"),
        ({"pin": "123", "again": "123"}, "id_pin-error"),
        ({"papers": []}, "Hãy nhập"),
    ],
)
def test_a_form_that_needs_another_look_says_where(
    ministry: Ministry, changes: dict[str, Any], told: str
) -> None:
    answer = asked(ministry.officer, **changes)

    assert answer.status_code == 422
    assert told in answer.content.decode()
    with accounts.everywhere():
        assert not CertificateRequest.objects.exists()


def test_a_stranger_does_not_find_it(ministry: Ministry, bureau: Office) -> None:
    """TM-X-13: the address is no right."""
    asked(ministry.officer)
    with accounts.everywhere():
        request = CertificateRequest.objects.get()

    for actor in (ministry.colleague, bureau.officer, bureau.leader):
        assert as_(actor).get(f"/chung-thu/yeu-cau/{request.pk}").status_code == 404
        assert as_(actor).post(f"/chung-thu/yeu-cau/{request.pk}/kiem-tra").status_code == 404


def test_a_table_that_is_none_is_refused_in_words(ministry: Ministry) -> None:
    file = SimpleUploadedFile("bang.csv", b"\xff\xfe\x00", content_type="text/csv")

    answer = as_(ministry.registrar).post("/chung-thu/dang-ky/bang/", {"file": file})

    assert answer.status_code == 422
    assert "UTF-8" in answer.content.decode()


def test_the_worklist_is_searched_without_accents(ministry: Ministry) -> None:
    asked(ministry.officer)
    client = as_(ministry.registrar)

    for words in ("tran chuyen", "TRẦN", "bo thu nghiem", "g90"):
        assert "Trần Chuyên bo" in client.get("/chung-thu/dang-ky/", {"q": words}).content.decode()
    assert "Trần Chuyên bo" not in client.get("/chung-thu/dang-ky/?q=le").content.decode()
