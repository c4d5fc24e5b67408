"""The door: who gets in, how long they stay, and what happens to those who guess."""

from __future__ import annotations

import unicodedata
from datetime import date, timedelta
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from lienthong.apps.accounts import rules, throttle
from lienthong.apps.accounts.models import KnownAddress, Person, Seat, SignInTries
from lienthong.apps.accounts.rules import Role
from lienthong.apps.accounts.tests.conftest import PASSWORD
from lienthong.apps.directory import api as directory

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.urls("lienthong.apps.accounts.tests.urls"),
    pytest.mark.usefixtures("seat"),
]
DOOR = "/tai-khoan/dang-nhap"


def sign_in(
    client: Client, *, username: str = "vanthu", password: str = PASSWORD, **more: Any
) -> Any:
    return client.post(
        DOOR, {"username": username, "password": password, "next": "/sau-cua"}, **more
    )


def session_id(client: Client) -> str:
    return client.cookies[django_settings.SESSION_COOKIE_NAME].value


def test_a_stranger_is_led_to_the_door_and_back(client: Client) -> None:
    led = client.get("/sau-cua")
    assert led.status_code == 302
    assert led["Location"] == f"{DOOR}?next=/sau-cua"

    page = client.get(led["Location"])
    assert page.status_code == 200
    assert 'name="next" value="/sau-cua"' in page.content.decode()


def test_a_stranger_who_posts_is_refused(client: Client) -> None:
    assert client.post("/sau-cua").status_code == 401
    assert client.post("/tai-khoan/doi-vai", {"seat": 1}).status_code == 401


def test_health_and_language_are_open_to_all(client: Client) -> None:
    assert client.get(reverse("health")).status_code == 200
    assert client.post(reverse("set_language"), {"language": "en"}).status_code == 302


def test_a_person_gets_in_and_sees_their_organization_only(client: Client, seat: Seat) -> None:
    answer = sign_in(client)
    assert (answer.status_code, answer["Location"]) == (302, "/sau-cua")

    page = client.get("/sau-cua")
    assert page.json() == {
        "seat": seat.pk,
        "roles": ["clerk"],
        "scope": str(seat.organization_id),
    }
    assert client.get(DOOR).status_code == 302


@pytest.mark.parametrize("where", ["https://ke-xau.example/", "//ke-xau.example", "javascript:1"])
def test_nobody_is_sent_to_another_site(client: Client, where: str) -> None:
    answer = client.post(DOOR, {"username": "vanthu", "password": PASSWORD, "next": where})

    assert answer["Location"] == "/"


@pytest.mark.parametrize(
    ("username", "password"),
    [("vanthu", "sai mật khẩu"), ("khongco", PASSWORD), ("vanthu", ""), ("", "")],
)
def test_a_wrong_password_and_an_unknown_name_read_the_same(
    client: Client, username: str, password: str
) -> None:
    answer = sign_in(client, username=username, password=password)

    assert answer.status_code == 401
    assert rules.SignInRefused.text in answer.content.decode()
    assert client.get("/sau-cua").status_code == 302


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_a_password_with_accents_is_one_however_it_is_typed(client: Client, form: Any) -> None:
    answer = sign_in(client, username=" VanThu ", password=unicodedata.normalize(form, PASSWORD))

    assert answer.status_code == 302


def test_passwords_are_kept_with_argon2id(person: Person) -> None:
    assert person.password.startswith("argon2$argon2id$")


def test_the_session_id_is_renewed_at_sign_in_and_the_old_one_is_worth_nothing(
    client: Client,
) -> None:
    client.get(DOOR)
    sign_in(client)
    before = session_id(client)
    sign_in(client)
    after = session_id(client)

    assert before != after
    replay = Client()
    replay.cookies[django_settings.SESSION_COOKIE_NAME] = before
    assert replay.get("/sau-cua").status_code == 302


def test_the_door_asks_for_its_token(person: Person) -> None:
    careful = Client(enforce_csrf_checks=True)

    assert sign_in(careful).status_code == 403


def test_a_person_without_a_seat_today_does_not_get_in(client: Client, seat: Seat) -> None:
    Seat.objects.update(valid_to=date(2020, 12, 31))

    answer = sign_in(client)

    assert answer.status_code == 403
    assert client.get("/sau-cua").status_code == 302


@pytest.mark.parametrize("end", ["seat", "account", "password"])
def test_what_ended_is_refused_at_the_next_request(client: Client, seat: Seat, end: str) -> None:
    sign_in(client)
    assert client.get("/sau-cua").status_code == 200

    if end == "seat":
        Seat.objects.update(valid_to=timezone.localdate() - timedelta(days=1))
    elif end == "account":
        Person.objects.update(is_active=False)
    else:
        seat.person.set_password("một mật khẩu khác hẳn")
        seat.person.save()

    assert client.post("/sau-cua").status_code == 401
    Seat.objects.update(valid_to=None)
    Person.objects.update(is_active=True)
    assert client.get("/sau-cua").status_code == 302


@pytest.mark.parametrize(
    ("role", "rested", "is_over"),
    [
        (Role.CLERK, timedelta(minutes=14), False),
        (Role.CLERK, timedelta(minutes=16), True),
        (Role.ADMINISTRATOR, timedelta(minutes=4), False),
        (Role.ADMINISTRATOR, timedelta(minutes=6), True),
    ],
)
def test_a_session_that_rested_too_long_is_over(
    client: Client, role: Role, rested: timedelta, *, is_over: bool
) -> None:
    Seat.objects.update(role=role)
    sign_in(client)
    _move_back(client, "seen_at", rested)

    assert client.get("/sau-cua").status_code == (302 if is_over else 200)


def test_being_at_work_keeps_the_session_but_not_for_ever(client: Client) -> None:
    sign_in(client)
    _move_back(client, "seen_at", timedelta(minutes=10))
    assert client.get("/sau-cua").status_code == 200
    assert client.session["seen_at"] > timezone.now().timestamp() - 60

    _move_back(client, "signed_in_at", timedelta(hours=13))
    assert client.get("/sau-cua").status_code == 302


def _move_back(client: Client, key: str, by: timedelta) -> None:
    session = client.session
    session[key] -= int(by.total_seconds())
    session.save()


def test_signing_out_ends_the_session(client: Client) -> None:
    sign_in(client)
    before = session_id(client)

    assert client.get("/tai-khoan/dang-xuat").status_code == 405
    assert client.post("/tai-khoan/dang-xuat").status_code == 302

    replay = Client()
    replay.cookies[django_settings.SESSION_COOKIE_NAME] = before
    assert replay.get("/sau-cua").status_code == 302


def test_another_seat_is_taken_under_a_new_session_id(
    client: Client, person: Person, province: directory.Organization
) -> None:
    other = Seat.objects.create(
        person=person, organization=province, role=Role.LEADER, valid_from=date(2020, 1, 1)
    )
    sign_in(client)
    before = session_id(client)

    assert client.post("/tai-khoan/doi-vai", {"seat": other.pk}).status_code == 302

    assert session_id(client) != before
    assert client.get("/sau-cua").json()["roles"] == ["leader"]
    assert client.get("/sau-cua").json()["scope"] == str(province.pk)


@pytest.mark.parametrize("kind", ["another's", "ended", "none"])
def test_a_seat_that_is_not_yours_cannot_be_taken(
    client: Client, person: Person, province: directory.Organization, kind: str
) -> None:
    holder = person
    if kind == "another's":
        holder = Person.objects.create_person(username="khac", password=None, full_name="Khác")
    ended_on = date(2021, 1, 1) if kind == "ended" else None
    seat = Seat.objects.create(
        person=holder,
        organization=province,
        role=Role.LEADER,
        valid_from=date(2020, 1, 1),
        valid_to=ended_on,
    )
    sign_in(client)

    answer = client.post("/tai-khoan/doi-vai", {"seat": "" if kind == "none" else seat.pk})

    assert answer.status_code == 404
    assert client.get("/sau-cua").json()["roles"] == ["clerk"]


def guess(username: str, address: str) -> None:
    throttle.begin(username, address)


def test_guessing_from_one_address_is_slowed_down(client: Client) -> None:
    for number in range(rules.TRIES_MAX):
        guess(f"nguoi{number}", "198.51.100.7")

    answer = sign_in(client, REMOTE_ADDR="198.51.100.7")

    assert answer.status_code == 429
    assert "thử lại sau" in answer.content.decode()
    assert sign_in(client, REMOTE_ADDR="198.51.100.8").status_code == 302


def test_guessing_one_account_from_many_addresses_is_slowed_down(client: Client) -> None:
    for number in range(rules.TRIES_MAX):
        guess("vanthu", f"198.51.100.{number}")

    assert sign_in(client, REMOTE_ADDR="198.51.100.99").status_code == 429


def test_the_owner_still_gets_in_from_where_they_work(client: Client) -> None:
    assert sign_in(client, REMOTE_ADDR="203.0.113.5").status_code == 302
    refused = 0
    for number in range(1000):
        try:
            guess("vanthu", f"198.51.100.{number % 50}")
        except rules.SignInThrottled:
            refused += 1

    assert refused == 1000 - rules.TRIES_MAX
    assert sign_in(client, REMOTE_ADDR="203.0.113.5").status_code == 302


def test_wrong_passwords_over_the_door_are_counted_and_right_ones_are_not(client: Client) -> None:
    sign_in(client, REMOTE_ADDR="203.0.113.5")
    sign_in(client, REMOTE_ADDR="203.0.113.5")
    assert not SignInTries.objects.filter(tries__gt=0).exists()

    for _ in range(rules.TRIES_MAX):
        answer = sign_in(client, password="sai", REMOTE_ADDR="203.0.113.5")
        assert answer.status_code == 401

    assert sign_in(client, REMOTE_ADDR="203.0.113.5").status_code == 429


def test_a_minute_later_it_may_be_tried_again(client: Client) -> None:
    for _ in range(rules.TRIES_MAX):
        guess("vanthu", "198.51.100.7")
    SignInTries.objects.update(window_started_at=timezone.now() - rules.TRIES_WINDOW)

    assert sign_in(client, REMOTE_ADDR="198.51.100.7").status_code == 302


def test_a_network_of_version_6_counts_as_one_address(client: Client) -> None:
    for number in range(rules.TRIES_MAX):
        guess(f"nguoi{number}", "2001:db8:1:2::")

    assert sign_in(client, REMOTE_ADDR="2001:db8:1:2::ffff").status_code == 429
    assert sign_in(client, REMOTE_ADDR="2001:db8:1:3::ffff").status_code == 302


def test_what_throttling_no_longer_needs_is_forgotten(client: Client, person: Person) -> None:
    guess("ai đó", "198.51.100.7")
    sign_in(client)
    SignInTries.objects.update(window_started_at=timezone.now() - timedelta(hours=1))
    KnownAddress.objects.update(last_at=timezone.now() - timedelta(days=91))

    throttle.forget()

    assert not SignInTries.objects.exists()
    assert not KnownAddress.objects.exists()
