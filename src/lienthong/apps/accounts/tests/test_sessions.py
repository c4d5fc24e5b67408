"""A person sees where their account is open, and ends what they do not know (TM-X-04)."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from django.conf import settings as django_settings
from django.test import Client

from lienthong.apps.accounts import api, devices
from lienthong.apps.accounts.models import KnownDevice, Person, SessionRecord
from lienthong.apps.accounts.tests.conftest import PASSWORD
from lienthong.apps.outbox import api as outbox

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.urls("lienthong.apps.accounts.tests.urls"),
    pytest.mark.usefixtures("seat"),
]
SAFE = "/tai-khoan/bao-mat"
FIREFOX = "Mozilla/5.0 (Windows NT 10.0; rv:140.0) Gecko/20100101 Firefox/140.0"
PHONE = "Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 Chrome/141.0 Mobile Safari/537.36"


def sign_in(client: Client, agent: str = FIREFOX) -> None:
    answer = client.post(
        "/tai-khoan/dang-nhap",
        {"username": "vanthu", "password": PASSWORD},
        headers={"User-Agent": agent},
    )
    assert answer.status_code == 302


@pytest.fixture
def told() -> Iterator[list[api.NewDevice]]:
    """The events of new devices, as their subscribers see them once `run_pending` ran."""
    seen: list[api.NewDevice] = []

    def take_new_device(event: api.NewDevice) -> None:
        seen.append(event)

    with outbox.only({api.NewDevice: (take_new_device,)}):
        yield seen


def test_the_owner_sees_every_open_session_and_no_key_of_one(client: Client) -> None:
    phone = Client()
    sign_in(client)
    sign_in(phone, PHONE)

    page = client.get(SAFE).content.decode()

    assert "Firefox, Windows" in page
    assert "Chrome, Android" in page
    assert all(record.session_key not in page for record in SessionRecord.objects.all())


def test_one_session_or_all_others_are_ended_from_elsewhere(client: Client) -> None:
    others = [Client() for _ in range(3)]
    for each in (client, *others):
        sign_in(each)
    names = re.findall(r'name="session" value="(\w+)"', client.get(SAFE).content.decode())
    assert len(names) == 3

    client.post(f"{SAFE}/phien", {"session": names[0]})
    assert sorted(each.get("/sau-cua").status_code for each in others) == [200, 200, 302]
    client.post(f"{SAFE}/phien")
    assert [each.get("/sau-cua").status_code for each in others] == [302] * 3
    assert client.get("/sau-cua").status_code == 200


def test_a_session_of_somebody_else_cannot_be_ended(client: Client, person: Person) -> None:
    sign_in(client)
    name = devices.public_name(SessionRecord.objects.get())

    assert client.post(f"{SAFE}/phien", {"session": name}).status_code == 404  # it is this one
    assert client.post(f"{SAFE}/phien", {"session": "0" * 24}).status_code == 404


def test_changing_the_password_ends_the_other_sessions_and_keeps_this_one(client: Client) -> None:
    other = Client()
    sign_in(client)
    sign_in(other)
    wanted = "một câu thật dài để nhớ"

    answer = client.post(
        "/tai-khoan/mat-khau", {"present": PASSWORD, "wanted": wanted, "again": wanted}
    )

    assert answer.status_code == 302
    assert (client.get("/sau-cua").status_code, other.get("/sau-cua").status_code) == (200, 302)


@pytest.mark.parametrize(
    ("present", "wanted", "again"),
    [
        ("sai", "một câu thật dài để nhớ", "một câu thật dài để nhớ"),
        (PASSWORD, "ngắn", "ngắn"),
        (PASSWORD, PASSWORD, PASSWORD),
        (PASSWORD, "một câu thật dài để nhớ", "một câu khác hẳn để nhớ"),
    ],
    ids=["wrong", "short", "same", "different"],
)
def test_a_password_that_will_not_do_changes_nothing(
    client: Client, person: Person, present: str, wanted: str, again: str
) -> None:
    """TM-X-02."""
    sign_in(client)

    answer = client.post(
        "/tai-khoan/mat-khau", {"present": present, "wanted": wanted, "again": again}
    )

    assert answer.status_code == 422
    person.refresh_from_db()
    assert person.check_password(PASSWORD)


def test_a_password_given_by_another_is_changed_before_any_work(client: Client) -> None:
    sign_in(client)
    Person.objects.update(password_is_given=True)

    assert client.get("/sau-cua")["Location"] == "/tai-khoan/mat-khau"
    assert client.post("/sau-cua").status_code == 403
    wanted = "một câu thật dài để nhớ"
    client.post("/tai-khoan/mat-khau", {"present": PASSWORD, "wanted": wanted, "again": wanted})
    assert client.get("/sau-cua").status_code == 200


def test_the_owner_is_told_of_a_device_that_was_not_known(
    client: Client, person: Person, told: list[api.NewDevice]
) -> None:
    phone = Client()
    sign_in(client)
    sign_in(client)
    outbox.run_pending()
    assert told == []

    sign_in(phone, PHONE)
    sign_in(phone, PHONE)

    outbox.run_pending()
    [event] = told
    assert (event.person_id, event.device) == (person.pk, "Chrome, Android")
    assert KnownDevice.objects.count() == 2
    token = client.cookies[django_settings.DEVICE_COOKIE_NAME]
    assert token["httponly"]
    assert not KnownDevice.objects.filter(token_sha256=token.value).exists()
