"""From the request to the first signature with a key that is in no file (SG-K-01, SG-K-05, 3.4)."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography import x509
from django.utils import timezone
from pytest_django import Settings

from lienthong.apps.accounts.api import Actor
from lienthong.apps.pki import api as pki
from lienthong.apps.pki import devices
from lienthong.apps.pki.contract import RequestKind
from lienthong.apps.pki.models import CertificateRequest
from lienthong.apps.pki.registration import asking, deciding, sending, taking_over
from lienthong.apps.pki.registration.asking import Wish
from lienthong.apps.pki.registration.tests.authority import Authority
from lienthong.apps.pki.registration.tests.conftest import (
    PAPER,
    PIN,
    Ministry,
    authorities,
    authority,
    everywhere,
    ministry,
    node,
)
from lienthong.apps.pki.registration.tests.test_pages import as_
from lienthong.apps.pki.rules import KeyDevicesUnreadable, KeyPlace
from lienthong.apps.pki.tests.remote_service import CLIENT, Service, serving
from lienthong.apps.pki.tests.remote_service import PIN as REMOTE_PIN
from lienthong.core import signing
from lienthong.core.signing.authority import (
    POLICY_PERSON,
    KeyLevel,
    make_ec_key,
)
from lienthong.core.signing.authority import (
    Authority as Root,
)
from lienthong.core.signing.keys import PublicKey, verify_digest
from lienthong.core.tests.token_fixture import MODULE, make_token, needs_softhsm
from lienthong.core.tests.token_fixture import PIN as TOKEN_PIN
from lienthong.run.token_agent import TokenAgent, make_server

__all__ = ["authorities", "authority", "everywhere", "ministry", "node"]  # fixtures

ORIGIN = "http://127.0.0.1:8000"
DIGEST = bytes(range(32))
TOKEN = f'[[token]]\nname = "ban"\ntitle = "HSM"\nmodule = "{MODULE}"\nlabel = "ban-lam-viec"\n'


@pytest.fixture
def named(settings: Settings, tmp_path: Path) -> Callable[[str], None]:
    """Name the devices of this node."""

    def write(text: str) -> None:
        (tmp_path / "devices.toml").write_text(text)
        settings.KEY_DEVICES_FILE = str(tmp_path / "devices.toml")

    return write


@pytest.fixture
def service(named: Callable[[str], None], tmp_path: Path) -> Iterator[Service]:
    """A signing service on a real port with a key of the officer's."""
    with serving() as found:
        key = make_ec_key()
        provisional = Root.root("Tạm", key=key, at=timezone.now()).certificate
        found.keep("khoa-1", signing.KeySigner(key, provisional))
        (tmp_path / "secret").write_text(found.secret)
        named(
            f'[[remote]]\nname = "xa"\ntitle = "Dịch vụ"\nurl = "{found.url}"\nlevel = "hsm"\n'
            f'client = "{CLIENT}"\nsecret_file = "{tmp_path / "secret"}"\n'
        )
        yield found


@pytest.fixture
def agent(named: Callable[[str], None], settings: Settings) -> Iterator[str]:
    """The agent beside the officer's browser, on a real port, with a token."""
    make_token("ban-lam-viec")
    named('[browser]\nlevel = "token"\n')
    held = TokenAgent(MODULE, "ban-lam-viec", lambda _: TOKEN_PIN)
    with make_server(held, origins=[ORIGIN], port=0) as server:
        thread = threading.Thread(target=server.serve_forever, args=[0.05])
        thread.start()
        settings.AGENT_URL = f"http://127.0.0.1:{server.server_address[1]}"
        yield settings.AGENT_URL
        server.shutdown()
        thread.join()


def entered(officer: Actor, place: KeyPlace, device: str = "") -> CertificateRequest:
    wish = Wish(RequestKind.NEW, key_place=place, key_device=device)
    return asking.enter(officer, wish, [PAPER])


def delivered(ministry: Ministry, request: CertificateRequest) -> CertificateRequest:
    """Handed in, checked, approved by the registrar, issued by the authority."""
    request = deciding.verify(ministry.registrar, asking.submit(ministry.officer, request))
    return sending.send(deciding.approve(ministry.registrar, request, PIN))


def signed_by(officer: Actor, consent: pki.Consent) -> x509.Certificate:
    """A signature with the key in use verifies; the certificate that it verifies by."""
    key = pki.usable_key(pki.KeyKind.PERSON, person_id=officer.person_id)
    about = pki.About(str(officer.person_id), DIGEST, lambda: {"Trích yếu": "Thử"})
    act = pki.SigningAct(key, lambda signer, _: signer.sign_digest(DIGEST), about)
    check(key.certificate, act.signed(consent, at=timezone.now()))
    return key.certificate


def check(certificate: x509.Certificate, signature: bytes) -> None:
    public = certificate.public_key()
    assert isinstance(public, PublicKey)
    verify_digest(public, DIGEST, signature)


def policy_of(certificate: x509.Certificate) -> str:
    found = certificate.extensions.get_extension_for_class(x509.CertificatePolicies).value
    return str(found[0].policy_identifier.dotted_string)


@needs_softhsm
def test_a_key_made_in_a_device_is_certified_taken_over_and_signs(
    authority: Authority, ministry: Ministry, named: Callable[[str], None]
) -> None:
    make_token("ban-lam-viec")
    named(TOKEN + 'level = "hsm"\n')
    request = entered(ministry.officer, KeyPlace.TOKEN, "ban")
    with pytest.raises(signing.KeyPasswordWrong):
        asking.make_key_for(ministry.officer, request, "000000")
    request = asking.make_key_for(ministry.officer, request, TOKEN_PIN)
    request = delivered(ministry, request)

    with pytest.raises(signing.KeyPasswordWrong):
        taking_over.accept(ministry.officer, request, "000000")
    taking_over.accept(ministry.officer, request, TOKEN_PIN)

    certificate = signed_by(ministry.officer, pki.Consent(TOKEN_PIN))
    assert policy_of(certificate) == f"{POLICY_PERSON}.{KeyLevel.HSM}"


def test_a_key_at_a_signing_service_is_certified_taken_over_and_signs(
    authority: Authority, ministry: Ministry, service: Service
) -> None:
    request = entered(ministry.officer, KeyPlace.REMOTE, "xa")
    consent = pki.Consent(REMOTE_PIN, service.code("khoa-1"))
    request = delivered(ministry, asking.make_key_for(ministry.officer, request, consent))

    taking_over.accept(ministry.officer, request, pki.Consent(REMOTE_PIN, service.code("khoa-1")))

    consent = pki.Consent(REMOTE_PIN, service.code("khoa-1"))
    certificate = signed_by(ministry.officer, consent)
    assert policy_of(certificate) == f"{POLICY_PERSON}.{KeyLevel.HSM}"


@needs_softhsm
def test_a_key_beside_the_browser_is_certified_taken_over_and_signs(
    authority: Authority, ministry: Ministry, agent: str
) -> None:
    """Over the pages, as their script does: request, slip and signature come from the agent."""
    request = entered(ministry.officer, KeyPlace.BROWSER)
    browser, page = as_(ministry.officer), f"/chung-thu/yeu-cau/{request.pk}"
    made = asked(agent, "/key", {"subject": request.subject})
    browser.post(f"{page}/khoa", {"csr": made["csr"]})
    request = deciding.verify(ministry.registrar, CertificateRequest.objects.get())
    sending.send(deciding.approve(ministry.registrar, request, PIN))

    wanted = browser.post(f"{page}/nhan", headers={"X-Signing-Step": "ask"}).json()
    answer = asked(agent, "/sign", wanted)
    done = browser.post(f"{page}/nhan", {"answer": json.dumps(answer)})

    request.refresh_from_db()
    assert done.status_code == 302, done.content.decode()
    assert request.state == "accepted"
    key = pki.usable_key(pki.KeyKind.PERSON, person_id=ministry.officer.person_id)
    assert signing.read_jws(request.slip).certificate == key.certificate
    assert policy_of(key.certificate) == f"{POLICY_PERSON}.{KeyLevel.TOKEN}"


def asked(agent: str, path: str, body: dict[str, Any]) -> dict[str, Any]:
    with httpx.Client(trust_env=False) as http:
        answer = http.post(agent + path, json=body, headers={"Origin": ORIGIN}, timeout=30)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_a_device_of_which_nothing_is_said_is_a_software_key(named: Callable[[str], None]) -> None:
    """SG-K-04: the policy never tells more than the settings do."""
    named(TOKEN)

    levels = {devices.level_of(*one) for one in ((KeyPlace.TOKEN, "ban"), (KeyPlace.FILE, ""))}

    assert {*levels, devices.level_of(KeyPlace.BROWSER, "")} == {KeyLevel.SOFTWARE}
    named(TOKEN + 'level = "thẻ"\n')
    with pytest.raises(KeyDevicesUnreadable):
        devices.configured()
