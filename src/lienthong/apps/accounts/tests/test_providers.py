"""Sign-in at an identity provider proves who somebody is, gives no right, and cannot be forged."""

from __future__ import annotations

import hmac
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from joserfc.jwk import ECKey
from pytest_django import Settings

from lienthong.apps.accounts import oidc, proofs, providers, rules
from lienthong.apps.accounts.models import Authenticator, Identity, Person, Seat
from lienthong.apps.accounts.rules import Factor
from lienthong.apps.accounts.tests.provider import SmallProvider, running
from lienthong.apps.accounts.tests.test_second_factor import code_of, sit_down

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.urls("lienthong.apps.accounts.tests.urls"),
    pytest.mark.usefixtures("seat"),
]
HOME = "/tai-khoan/dinh-danh/tinh"
BEHIND = "/sau-cua"


@pytest.fixture
def provider(settings: Settings, tmp_path: Path) -> Iterator[SmallProvider]:
    """A provider that this node trusts."""
    with running() as found:
        file = tmp_path / "oidc.toml"
        file.write_text(
            f'[[provider]]\nkey = "tinh"\nname = "Định danh tỉnh"\nissuer = "{found.issuer}"\n'
            'client_id = "lienthong"\nalgorithms = ["ES256"]\nstrong_amr = ["mfa"]\n',
            encoding="utf-8",
        )
        settings.OIDC_FILE = str(file)
        oidc.forget()
        yield found
        oidc.forget()


@pytest.fixture
def linked(provider: SmallProvider, person: Person) -> Identity:
    return Identity.objects.create(person=person, issuer=provider.issuer, subject=provider.subject)


def come_back(client: Client, provider: SmallProvider, **more: str) -> Any:
    """Go to the provider, say yes, and come back with what it gives, changed by `more`."""
    led = client.post(HOME, {"next": BEHIND})
    return client.get(f"{HOME}/ve", provider.approve(led["Location"]) | more)


def test_a_linked_identity_opens_the_account_and_its_seat(
    client: Client, provider: SmallProvider, linked: Identity
) -> None:
    assert "Định danh tỉnh" in client.get("/tai-khoan/dang-nhap").content.decode()

    assert come_back(client, provider)["Location"] == BEHIND

    assert client.get(BEHIND).json()["roles"] == ["clerk"]
    assert client.session["factor"] == Factor.PASSWORD


def test_two_factors_at_the_provider_count_as_a_second_factor(
    client: Client, provider: SmallProvider, linked: Identity
) -> None:
    provider.claims = {"amr": ["pwd", "mfa"]}
    come_back(client, provider)

    assert client.session["factor"] == Factor.PROVIDER


def test_who_has_a_second_factor_here_is_still_asked_for_it(
    client: Client, provider: SmallProvider, linked: Identity
) -> None:
    secret = proofs.new_secret()
    proofs.add_application(linked.person, secret, code_of(secret), "Máy")
    Authenticator.objects.update(counter=0)

    led = come_back(client, provider)

    assert led["Location"] == f"/tai-khoan/xac-thuc?next={BEHIND}"
    assert client.get(BEHIND).status_code == 302
    client.post("/tai-khoan/xac-thuc", {"code": code_of(secret)})
    assert client.get(BEHIND).status_code == 200


def test_an_identity_nobody_linked_makes_no_account_and_an_address_of_mail_is_no_match(
    client: Client, provider: SmallProvider, person: Person
) -> None:
    Person.objects.update(email="vanthu@bo.example")
    provider.claims = {"email": "vanthu@bo.example", "email_verified": True}

    answer = come_back(client, provider)

    assert answer.status_code == 403
    assert rules.IdentityUnknown.text in answer.content.decode()
    assert client.get(BEHIND).status_code == 302
    assert Person.objects.count() == 1


@pytest.mark.parametrize("end", ["account", "seat"])
def test_an_account_that_ended_stays_closed(
    client: Client, provider: SmallProvider, linked: Identity, end: str
) -> None:
    if end == "account":
        Person.objects.update(is_active=False)
    else:
        Seat.objects.all().delete()

    assert come_back(client, provider).status_code == 403


def no_signature(provider: SmallProvider) -> None:
    provider.header, provider.signature = {"alg": "none"}, lambda signed: b""


def public_key_as_secret(provider: SmallProvider) -> None:
    secret = provider.key.as_pem(private=False)
    provider.header = {"alg": "HS256"}
    provider.signature = lambda signed: hmac.digest(secret, signed, "sha256")


def anothers_key(provider: SmallProvider) -> None:
    provider.signs_with = ECKey.generate_key("P-256", {"kid": "k1"})


def key_named_by_a_path(provider: SmallProvider) -> None:
    anothers_key(provider)
    provider.header = {"kid": "../../../../dev/null"}


def keys_at_its_own_address(provider: SmallProvider) -> None:
    anothers_key(provider)
    provider.header = {"kid": "k2", "jku": f"{provider.issuer}/other_keys"}


def another_audience(provider: SmallProvider) -> None:
    provider.claims = {"aud": "another"}


def two_audiences_without_a_party(provider: SmallProvider) -> None:
    provider.claims = {"aud": ["lienthong", "another"]}


def another_party(provider: SmallProvider) -> None:
    provider.claims = {"azp": "another"}


def another_issuer(provider: SmallProvider) -> None:
    provider.claims = {"iss": "https://other.example"}


def old_nonce(provider: SmallProvider) -> None:
    provider.claims = {"nonce": "of an earlier time"}


def expired(provider: SmallProvider) -> None:
    provider.claims = {"exp": int(time.time()) - 60}


def of_the_future(provider: SmallProvider) -> None:
    provider.claims = {"iat": int(time.time()) + 600}


def without_times(provider: SmallProvider) -> None:
    provider.claims = {"exp": None, "iat": None}


def without_subject(provider: SmallProvider) -> None:
    provider.claims = {"sub": ""}


@pytest.mark.parametrize(
    "lie",
    [
        *(no_signature, public_key_as_secret, anothers_key, key_named_by_a_path),
        *(keys_at_its_own_address, another_audience, two_audiences_without_a_party),
        *(another_party, another_issuer, old_nonce, expired, of_the_future, without_times),
        without_subject,
    ],
)
def test_a_token_that_lies_is_refused(
    client: Client,
    provider: SmallProvider,
    linked: Identity,
    lie: Callable[[SmallProvider], None],
) -> None:
    """TM-X-06: the token battery."""
    lie(provider)

    answer = come_back(client, provider)

    assert answer.status_code == 401
    assert client.get(BEHIND).status_code == 302
    assert "/other_keys" not in provider.asked


@pytest.mark.parametrize(
    "changed", [{"state": "another"}, {"iss": "https://other.example"}, {"code": "guessed"}]
)
def test_an_answer_that_is_not_ours_is_refused(
    client: Client, provider: SmallProvider, linked: Identity, changed: dict[str, str]
) -> None:
    assert come_back(client, provider, **changed).status_code == 401
    assert client.get(BEHIND).status_code == 302


def test_an_answer_is_taken_once_and_by_the_browser_that_asked(
    client: Client, provider: SmallProvider, linked: Identity
) -> None:
    led = client.post(HOME)
    brought = provider.approve(led["Location"])

    assert Client().get(f"{HOME}/ve", brought).status_code == 409
    assert client.get(f"{HOME}/ve", brought).status_code == 302
    client.post("/tai-khoan/dang-xuat")
    assert client.get(f"{HOME}/ve", brought).status_code == 409


def test_new_keys_of_the_provider_are_asked_for_once(
    client: Client, provider: SmallProvider, linked: Identity
) -> None:
    come_back(client, provider)
    provider.key = ECKey.generate_key("P-256", {"kid": "k2"})
    provider.header = {"kid": "k2"}

    assert come_back(Client(), provider).status_code == 302
    assert provider.asked.count("/jwks_uri") == 2


def test_a_provider_that_is_away_or_not_itself_stops_nobody_with_a_password(
    client: Client, provider: SmallProvider
) -> None:
    issuer, provider.issuer = provider.issuer, "https://other.example"

    assert client.post(HOME).status_code == 503
    provider.issuer = issuer
    assert client.post("/tai-khoan/dinh-danh/khac").status_code == 404


def test_an_account_is_linked_by_who_is_signed_in_to_it(
    client: Client, provider: SmallProvider, seat: Seat
) -> None:
    sit_down(client, seat)
    led = client.post(f"{HOME}/lien-ket")
    client.get(f"{HOME}/ve", provider.approve(led["Location"]))

    [identity] = Identity.objects.all()
    assert (identity.person, identity.subject) == (seat.person, provider.subject)
    assert client.post(f"/tai-khoan/dinh-danh/bo/{identity.pk}").status_code == 302
    assert not Identity.objects.exists()


def test_an_identity_of_another_account_is_not_taken_over(
    client: Client, provider: SmallProvider, seat: Seat
) -> None:
    other = Person.objects.create_person(username="khac", password=None, full_name="Khác")
    Identity.objects.create(person=other, issuer=provider.issuer, subject=provider.subject)
    sit_down(client, seat)
    led = client.post(f"{HOME}/lien-ket")

    answer = client.get(f"{HOME}/ve", provider.approve(led["Location"]))

    assert answer.status_code == 409
    assert Identity.objects.get().person == other


@pytest.mark.parametrize(
    "wrong",
    [
        {"issuer": "http://id.example"},
        {"algorithms": ("HS256",)},
        {"algorithms": ("none",)},
        {"subject_claim": "email"},
    ],
    ids=["plain", "symmetric", "none", "mail"],
)
def test_a_provider_that_could_not_be_trusted_cannot_be_configured(wrong: dict[str, Any]) -> None:
    good = {"key": "a", "name": "A", "issuer": "https://id.example", "client_id": "b"}

    with pytest.raises(ValueError, match=r"https|algorithms|email"):
        providers.Provider(**good | wrong)
