"""What is asked beside the password, of whom, and what does not pass for it (TM-X-01, TM-X-07)."""

from __future__ import annotations

import base64
import html
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from lienthong.apps.accounts import proofs, rules, vault
from lienthong.apps.accounts.models import Authenticator, Person, RecoveryCode, Seat
from lienthong.apps.accounts.rules import Factor, Role, SecondFactor
from lienthong.apps.accounts.tests.authenticator import SoftKey
from lienthong.apps.accounts.tests.conftest import PASSWORD

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.urls("lienthong.apps.accounts.tests.urls"),
    pytest.mark.usefixtures("seat"),
]
DOOR, STEP, SAFE = "/tai-khoan/dang-nhap", "/tai-khoan/xac-thuc", "/tai-khoan/bao-mat"
BEHIND = "/sau-cua"


def code_of(secret: str, *, steps: int = 0) -> str:
    at = int(timezone.now().timestamp()) + steps * proofs.STEP_S
    return TOTP(base64.b32decode(secret), 6, SHA1(), 30).generate(at).decode("ascii")  # noqa: S303


def options_on(page: Any) -> str:
    found = re.search(r'data-options="([^"]*)"', page.content.decode())
    assert found
    return html.unescape(found[1])


@pytest.fixture
def inside(client: Client, seat: Seat) -> Client:
    """The person's browser, signed in a moment ago."""
    sit_down(client, seat)
    return client


def sit_down(client: Client, seat: Seat, proved_ago: timedelta = timedelta()) -> None:
    client.force_login(seat.person)
    now, session = int(timezone.now().timestamp()), client.session
    session["seat"], session["seen_at"], session["signed_in_at"] = seat.pk, now, now
    session["proved_at"] = now - int(proved_ago.total_seconds())
    session.save()


@pytest.fixture
def secret(person: Person) -> str:
    """The secret of an application that the person has registered, with a code long ago."""
    made = proofs.new_secret()
    proofs.add_application(person, made, code_of(made), "Điện thoại")
    Authenticator.objects.update(counter=0)
    return made


@pytest.fixture
def key(inside: Client) -> SoftKey:
    """A key that the person has registered over the pages."""
    made = SoftKey()
    options = options_on(inside.get(f"{SAFE}/khoa"))
    answer = inside.post(f"{SAFE}/khoa", {"name": "Khóa cắm", "answer": made.create(options)})
    assert answer.status_code == 200
    return made


def give_password(client: Client) -> Any:
    return client.post(DOOR, {"username": "vanthu", "password": PASSWORD, "next": BEHIND})


def test_the_password_alone_opens_nothing_where_there_is_a_second_factor(
    client: Client, secret: str
) -> None:
    answer = give_password(client)

    assert answer["Location"] == f"{STEP}?next={BEHIND}"
    assert client.get(BEHIND).status_code == 302
    assert client.post(STEP, {"code": "000000", "next": BEHIND}).status_code == 401
    assert client.get(BEHIND).status_code == 302
    right = client.post(STEP, {"code": code_of(secret), "next": BEHIND})
    assert right["Location"] == BEHIND
    assert client.get(BEHIND).json()["roles"] == ["clerk"]


def test_a_code_works_once_and_for_a_minute(person: Person, secret: str) -> None:
    code = code_of(secret)
    assert proofs.use_code(person, f"{code[:3]} {code[3:]}") is Factor.TOTP

    for wrong in (
        code,
        code_of(secret, steps=-3),
        code_of(secret, steps=3),
        "",
        "abc",
        "１２３４５６",
    ):
        with pytest.raises(rules.ProofRefused):
            proofs.use_code(person, wrong)


def test_a_recovery_code_works_once_and_only_its_digest_is_kept(
    person: Person, secret: str
) -> None:
    codes = proofs.new_recovery_codes(person)
    assert len(set(codes)) == proofs.RECOVERY_CODES

    proofs.use_code(person, f" {codes[0].lower()} ")

    with pytest.raises(rules.ProofRefused):
        proofs.use_code(person, codes[0])
    assert proofs.codes_left(person) == proofs.RECOVERY_CODES - 1
    kept = {code.digest for code in RecoveryCode.objects.all()}
    assert not any(code.replace("-", "") in digest for code in codes for digest in kept)


def test_a_secret_is_of_one_row_and_unreadable_in_a_dump(person: Person, secret: str) -> None:
    """TM-X-23: the row holds no secret in clear, and another's row does not open with it."""
    [held] = Authenticator.objects.all()

    assert secret.encode() not in bytes(held.key)
    assert vault.open_(bytes(held.key), person.pk) == secret.encode()
    with pytest.raises(InvalidTag):
        vault.open_(bytes(held.key), person.pk + 1)


def test_an_application_is_registered_with_a_code_and_recovery_codes_are_shown_once(
    inside: Client, person: Person
) -> None:
    page = inside.get(f"{SAFE}/ung-dung").content.decode()
    secret = inside.session["new_secret"]
    assert "data:image/svg+xml;base64," in page

    wrong = inside.post(f"{SAFE}/ung-dung", {"code": "1", "name": "Máy"})
    right = inside.post(f"{SAFE}/ung-dung", {"code": code_of(secret), "name": "Máy"})

    assert (wrong.status_code, right.status_code) == (422, 200)
    assert right.content.decode().count('<li class="lt-mono">') == proofs.RECOVERY_CODES
    assert "new_secret" not in inside.session
    assert inside.session["factor"] == Factor.TOTP


def test_a_key_opens_the_door(client: Client, key: SoftKey) -> None:
    give_password(client)
    page = client.get(STEP)

    answer = client.post(STEP, {"answer": key.get(options_on(page)), "next": BEHIND})

    assert answer["Location"] == BEHIND
    assert client.session["factor"] == Factor.PASSKEY


def lies_about_origin(key: SoftKey) -> None:
    key.origin = "https://testserver.evil.example"


def lies_about_site(key: SoftKey) -> None:
    key.site = "evil.example"


def does_not_verify(key: SoftKey) -> None:
    key.is_verifying = False


def counts_backwards(key: SoftKey) -> None:
    key.counter = 0


def is_another_key(key: SoftKey) -> None:
    key.key = SoftKey().key


def is_unknown(key: SoftKey) -> None:
    key.id = b"another"


@pytest.mark.parametrize(
    "lie",
    [
        lies_about_origin,
        lies_about_site,
        does_not_verify,
        counts_backwards,
        is_another_key,
        is_unknown,
    ],
)
def test_a_key_that_lies_is_refused(
    client: Client, key: SoftKey, lie: Callable[[SoftKey], None]
) -> None:
    Authenticator.objects.update(counter=5)
    key.counter = 5
    lie(key)
    give_password(client)

    answer = client.post(STEP, {"answer": key.get(options_on(client.get(STEP))), "next": BEHIND})

    assert answer.status_code == 401
    assert client.get(BEHIND).status_code == 302


@pytest.mark.parametrize("answer", ["{}", "[]", "nonsense", '{"rawId": 7}'])
def test_an_answer_nobody_can_read_is_refused(client: Client, key: SoftKey, answer: str) -> None:
    give_password(client)
    client.get(STEP)

    assert client.post(STEP, {"answer": answer}).status_code == 401


def test_a_challenge_is_answered_once_and_soon(client: Client, key: SoftKey) -> None:
    give_password(client)
    options = options_on(client.get(STEP))
    answer = key.get(options)
    session = client.session
    session["passkey_prove"]["at"] -= 600
    session.save()

    assert client.post(STEP, {"answer": answer}).status_code == 409
    assert client.post(STEP, {"answer": answer}).status_code == 409


def test_the_second_step_does_not_wait_for_ever(client: Client, secret: str) -> None:
    give_password(client)
    session = client.session
    session["step"]["at"] -= 600
    session.save()

    answer = client.post(STEP, {"code": code_of(secret), "next": BEHIND})

    assert answer["Location"] == DOOR
    assert Client().get(STEP)["Location"] == DOOR


def test_guessing_codes_is_slowed_down(client: Client, secret: str) -> None:
    """TM-X-03 holds for the second step too."""
    give_password(client)
    answers = [client.post(STEP, {"code": "000000"}).status_code for _ in range(11)]

    assert answers == [401] * rules.TRIES_MAX + [429]


@pytest.mark.parametrize(
    ("factor", "role", "is_enough"),
    [
        (Factor.PASSWORD, Role.OFFICER, False),
        (Factor.TOTP, Role.OFFICER, True),
        (Factor.PROVIDER, Role.CLERK, True),
        (Factor.TOTP, Role.ADMINISTRATOR, False),
        (Factor.PROVIDER, Role.LEADER, False),
        (Factor.PASSKEY, Role.ADMINISTRATOR, True),
        (Factor.PASSKEY, Role.LEADER, True),
    ],
)
def test_each_role_is_asked_for_what_it_needs(
    factor: Factor, role: Role, *, is_enough: bool
) -> None:
    """TM-X-01: WebAuthn for administrators and signers, TOTP for the others."""
    assert rules.is_enough(factor, role, SecondFactor.REQUIRED) is is_enough
    assert rules.is_enough(factor, role, SecondFactor.OFFERED)


def test_where_it_is_required_nothing_opens_before_there_is_a_second_factor(
    inside: Client, settings: Settings
) -> None:
    settings.SECOND_FACTOR = "required"

    assert inside.get(BEHIND)["Location"] == SAFE
    assert inside.post(BEHIND).status_code == 403
    assert "bước xác thực thứ hai" in inside.get(SAFE).content.decode()
    inside.get(f"{SAFE}/ung-dung")
    code = code_of(inside.session["new_secret"])
    inside.post(f"{SAFE}/ung-dung", {"code": code, "name": "Máy"})
    assert inside.get(BEHIND).status_code == 200


def test_the_last_factor_stays_where_one_is_required(
    inside: Client, secret: str, settings: Settings
) -> None:
    pk = Authenticator.objects.get().pk
    settings.SECOND_FACTOR = "required"
    session = inside.session
    session["factor"] = "totp"
    session.save()
    assert inside.post(f"{SAFE}/{pk}/bo").status_code == 409

    settings.SECOND_FACTOR = "offered"
    assert inside.post(f"{SAFE}/{pk}/bo").status_code == 302
    assert not Authenticator.objects.exists()


def test_anothers_authenticator_cannot_be_removed(inside: Client, secret: str) -> None:
    other = Person.objects.create_person(username="khac", password=None, full_name="Khác")
    Authenticator.objects.update(person=other)

    assert inside.post(f"{SAFE}/{Authenticator.objects.get().pk}/bo").status_code == 404


@pytest.mark.parametrize("path", ["/ung-dung", "/khoa", "/ma-du-phong"])
def test_a_sensitive_act_asks_a_ten_minutes_old_session_to_prove_itself(
    client: Client, seat: Seat, path: str
) -> None:
    """TM-X-07."""
    sit_down(client, seat, proved_ago=timedelta(minutes=10))

    led = client.post(f"{SAFE}{path}", headers={"Referer": f"http://testserver{SAFE}"})

    assert led["Location"] == f"/tai-khoan/xac-nhan?next=http%3A//testserver{SAFE}"
    assert client.post("/tai-khoan/xac-nhan", {"password": "sai"}).status_code == 401
    back = client.post("/tai-khoan/xac-nhan", {"password": PASSWORD, "next": SAFE})
    assert back["Location"] == SAFE
    assert client.post(f"{SAFE}/ma-du-phong").status_code == 200


def test_who_has_a_second_factor_steps_up_with_it_and_not_with_the_password(
    client: Client, seat: Seat, secret: str
) -> None:
    sit_down(client, seat, proved_ago=timedelta(minutes=10))

    assert client.post("/tai-khoan/xac-nhan", {"password": PASSWORD}).status_code == 401
    assert client.post("/tai-khoan/xac-nhan", {"code": code_of(secret)}).status_code == 302
