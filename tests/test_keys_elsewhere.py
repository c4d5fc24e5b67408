"""The desk signs with keys that are in no file: a device here, a remote service, the browser's."""

from __future__ import annotations

import base64
import json
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from django.utils import timezone
from pytest_django import Settings

from lienthong.apps.accounts import api as accounts
from lienthong.apps.accounts.api import Actor
from lienthong.apps.directory import api as directory
from lienthong.apps.documents import actions
from lienthong.apps.documents.common import numbering
from lienthong.apps.documents.models import NumberSeries, OutgoingDocument
from lienthong.apps.documents.tests.conftest import PIN as FILE_PIN
from lienthong.apps.documents.tests.conftest import Desk, KeyCabinet
from lienthong.apps.documents.tests.outgoing.test_issuing import awaiting, drafted
from lienthong.apps.documents.tests.test_pages import as_ as signed_in
from lienthong.apps.files import api as files
from lienthong.apps.journal import api as journal
from lienthong.apps.outbox import api as outbox
from lienthong.apps.pki import api as pki
from lienthong.apps.pki import ceremony, devices
from lienthong.apps.pki.actions import install_held_key
from lienthong.apps.pki.rules import KeyDevicesUnreadable, KeySignsOneByOne
from lienthong.apps.pki.signers import opened_for_many
from lienthong.apps.pki.tests.remote_service import CLIENT, Service, serving
from lienthong.apps.pki.tests.remote_service import PIN as REMOTE_PIN
from lienthong.core import signing
from lienthong.core.signing import KeySigner, SignatureNotMade, agent
from lienthong.core.signing.authority import Profile, Subject, make_ec_key
from lienthong.core.signing.csc import OneTimeCodeWrong, RemoteSigningUnavailable
from lienthong.core.signing.keys import PREHASHED, PublicKey, verify_digest
from lienthong.core.signing.pkcs11 import KeyType, Token, TokenPinLocked, TokenRemoved
from lienthong.core.tests.token_fixture import MODULE, block_token, make_token, needs_softhsm
from lienthong.core.tests.token_fixture import PIN as TOKEN_PIN
from lienthong.run.token_agent import TokenAgent, make_server

ORIGIN = "http://127.0.0.1:8000"
LABEL = "ban-lam-viec"
Issued = tuple[x509.Certificate, tuple[x509.Certificate, ...]]


@pytest.fixture
def keys(cabinet: KeyCabinet, ministry: Desk, province: Desk) -> KeyCabinet:
    """Both agencies are open, with the keys in files that `ministry` and `province` make."""
    return cabinet


@pytest.fixture(autouse=True)
def in_the_ministry(ministry: Desk) -> Iterator[None]:
    with accounts.scope(ministry.organization.pk):
        yield


@pytest.fixture(autouse=True)
def _static_directory(settings: Settings) -> None:
    Path(settings.STATIC_ROOT).mkdir(parents=True, exist_ok=True)


@pytest.fixture
def settings_of_devices(settings: Settings, tmp_path: Path) -> Callable[..., None]:
    """Name the devices of this node."""

    def write(text: str) -> None:
        settings.KEY_DEVICES_FILE = str(tmp_path / "devices.toml")
        (tmp_path / "devices.toml").write_text(text)

    return write


@pytest.fixture
def token(settings_of_devices: Callable[..., None], tmp_path: Path) -> str:
    """A device for people, and one that the node opens by itself."""
    for label in (LABEL, "may-chu"):
        make_token(label)
    (tmp_path / "pin").write_text(TOKEN_PIN)
    settings_of_devices(
        f'[[token]]\nname = "ban"\ntitle = "Thiết bị của cơ quan"\n'
        f'module = "{MODULE}"\nlabel = "{LABEL}"\n'
        f'[[token]]\nname = "may"\ntitle = "Thiết bị của máy chủ"\nmodule = "{MODULE}"\n'
        f'label = "may-chu"\npin_file = "{tmp_path / "pin"}"\n'
    )
    return "ban"


@pytest.fixture
def service(
    settings_of_devices: Callable[..., None], settings: Settings, tmp_path: Path
) -> Iterator[Service]:
    """A remote signing service on a real port, known to this node."""
    with serving() as found:
        (tmp_path / "secret").write_text(found.secret)
        settings_of_devices(
            f'[[remote]]\nname = "xa"\ntitle = "Dịch vụ ký số từ xa"\nurl = "{found.url}"\n'
            f'client = "{CLIENT}"\nsecret_file = "{tmp_path / "secret"}"\n'
        )
        yield found


def issue(cabinet: KeyCabinet, profile: Profile, subject: Subject, key: PublicKey) -> Issued:
    at = timezone.now() - timedelta(minutes=5)
    name = ceremony.SERVICES if profile is Profile.SERVICE else ceremony.PEOPLE
    certificate, chain = ceremony.issue(cabinet.authorities, name, profile, subject, key, at=at)
    return certificate, tuple(chain)


def person_subject(actor: Actor, organization: directory.Organization) -> Subject:
    return Subject(
        actor.name,
        organization.name,
        organization.code,
        title=actor.position,
        serial=f"CB:VN-{organization.code}-{actor.person_id}",
    )


def hold(
    desk: Desk,
    place: pki.KeyPlace,
    device: str,
    path: str,
    issued: Issued,
    *,
    kind: pki.KeyKind = pki.KeyKind.PERSON,
) -> pki.HeldKey:
    """Note that the deputy's, or the agency's, key is there."""
    key = pki.HeldKey(kind, place, device, path, *issued)
    person = desk.deputy.person_id if kind is pki.KeyKind.PERSON else None
    install_held_key(key, organization_id=desk.organization.pk, person_id=person)
    return key


def in_token(label: str, name: bytes) -> PublicKey:
    """A new key of a device."""
    token = Token(MODULE, label, TOKEN_PIN)
    try:
        return token.generate(KeyType.P256, key_id=name, label=name.hex())
    finally:
        token.close()


def deputy_with_token(cabinet: KeyCabinet, desk: Desk, label: str, device: str) -> None:
    name = timezone.now().isoformat().encode()
    subject = person_subject(desk.deputy, desk.organization)
    issued = issue(cabinet, Profile.PERSON, subject, in_token(label, name))
    hold(desk, pki.KeyPlace.TOKEN, device, name.hex(), issued)


def deputy_with_service(
    cabinet: KeyCabinet,
    desk: Desk,
    service: Service,
    wrap: Callable[[KeySigner], Any] | None = None,
) -> None:
    private = make_ec_key()
    subject = person_subject(desk.deputy, desk.organization)
    issued = issue(cabinet, Profile.PERSON, subject, private.public_key())
    signer = KeySigner(private, *issued)
    service.keep("khoa-1", wrap(signer) if wrap else signer)
    hold(desk, pki.KeyPlace.REMOTE, "xa", "khoa-1", issued)


def nothing_happened(document: OutgoingDocument) -> bool:
    """DX-52: the document waits as before, and no number is used."""
    now = OutgoingDocument.objects.get(pk=document.pk)
    waits = (now.state, now.number, now.signed_sha256) == ("awaiting_signature", None, "")
    return waits and not NumberSeries.objects.filter(last__gt=0).exists()


# A device at this machine.


@needs_softhsm
@pytest.mark.usefixtures("keys")
def test_person_and_agency_sign_with_keys_of_a_device(
    token: str, ministry: Desk, province: Desk, cabinet: KeyCabinet
) -> None:
    """SG-K-01, SG-K-09: the key stays inside, the journal says where it was used."""
    deputy_with_token(cabinet, ministry, LABEL, token)
    organization = ministry.organization
    seal = Subject(organization.name, organization_code=organization.code)
    issued = issue(cabinet, Profile.AGENCY, seal, in_token(LABEL, b"con-dau"))
    hold(ministry, pki.KeyPlace.TOKEN, token, b"con-dau".hex(), issued, kind=pki.KeyKind.AGENCY)
    document = awaiting(ministry, drafted(ministry, province))

    actions.sign(ministry.deputy, document, TOKEN_PIN)
    sealed = actions.seal(ministry.clerk, document, TOKEN_PIN)

    report = signing.check_official(
        signing.verify_pdf(
            files.get(sealed.sealed_sha256),
            trust=pki.trust(),
            at=timezone.now() + timedelta(seconds=1),
        ),
        agency_codes={organization.code},
        signer_name=ministry.deputy.name,
    )
    assert report.verdict is signing.Verdict.VALID, report.findings
    signed = next(
        one for one in journal.history(document.journal_subject) if one.act == "documents.signed"
    )
    assert signed.facts["key"] == "token:ban"


@needs_softhsm
@pytest.mark.usefixtures("keys")
def test_the_device_judges_each_pin_even_right_after_a_right_one(
    token: str, ministry: Desk, province: Desk, cabinet: KeyCabinet
) -> None:
    """R61: a device that is logged in takes any PIN for right, so no login outlives its use."""
    deputy_with_token(cabinet, ministry, LABEL, token)
    with devices.opened_token(token, TOKEN_PIN) as device:
        device.check()
    document = awaiting(ministry, drafted(ministry, province))

    with pytest.raises(signing.KeyPasswordWrong):
        actions.sign(ministry.deputy, document, "000000")

    assert nothing_happened(document)
    assert actions.sign(ministry.deputy, document, TOKEN_PIN).number == 1


@needs_softhsm
@pytest.mark.usefixtures("keys")
def test_a_device_taken_out_while_signing_leaves_nothing_half_done(
    settings_of_devices: Callable[..., None],
    ministry: Desk,
    province: Desk,
    cabinet: KeyCabinet,
    tmp_path: Path,
) -> None:
    folder = make_token("rut-ra")
    settings_of_devices(
        f'[[token]]\nname = "rut"\ntitle = "Token"\nmodule = "{MODULE}"\nlabel = "rut-ra"\n'
    )
    deputy_with_token(cabinet, ministry, "rut-ra", "rut")
    document = awaiting(ministry, drafted(ministry, province))

    shutil.move(folder, tmp_path / "away")
    try:
        with pytest.raises(TokenRemoved):
            actions.sign(ministry.deputy, document, TOKEN_PIN)
    finally:
        shutil.move(tmp_path / "away", folder)
    assert nothing_happened(document)

    plugged_in_again(lambda: actions.sign(ministry.deputy, document, TOKEN_PIN))
    assert OutgoingDocument.objects.get(pk=document.pk).number == 1


@needs_softhsm
@pytest.mark.usefixtures("keys")
def test_a_locked_device_says_so_at_the_desk_and_the_refusal_is_written_down(
    settings_of_devices: Callable[..., None], ministry: Desk, province: Desk, cabinet: KeyCabinet
) -> None:
    """SG-S-07, SG-K-09: a clear sentence, nothing half done, an entry of the journal."""
    make_token("da-khoa")
    settings_of_devices(
        f'[[token]]\nname = "khoa"\ntitle = "Token"\nmodule = "{MODULE}"\nlabel = "da-khoa"\n'
    )
    deputy_with_token(cabinet, ministry, "da-khoa", "khoa")
    document = awaiting(ministry, drafted(ministry, province))
    block_token("da-khoa")

    page = signed_in(ministry.deputy).post(f"/van-ban/di/{document.pk}/ky", {"pin": TOKEN_PIN})

    shown = page.content.decode()
    assert page.status_code == TokenPinLocked.status
    assert TokenPinLocked().sentence in shown
    assert nothing_happened(document)
    assert refused_uses(ministry) == [("token:khoa", document.draft_sha256, TokenPinLocked.code)]


@pytest.mark.usefixtures("keys")
def test_a_wrong_pin_is_written_down_though_everything_else_is_undone(
    ministry: Desk, province: Desk
) -> None:
    """SG-K-09: who, which key, for what, and what came of it; no content."""
    document = awaiting(ministry, drafted(ministry, province))
    browser, address = signed_in(ministry.deputy), f"/van-ban/di/{document.pk}/ky"

    browser.post(address, {"pin": "000000"})
    assert nothing_happened(document)
    browser.post(address, {"pin": FILE_PIN})

    wrong = signing.KeyPasswordWrong.code
    assert refused_uses(ministry) == [("file", document.draft_sha256, wrong)]
    assert OutgoingDocument.objects.get(pk=document.pk).state == "signed"


def refused_uses(desk: Desk) -> list[tuple[str, str, str]]:
    outbox.run_pending()
    entries = journal.Entry.objects.filter(act="pki.key_use_refused")
    assert {one.person_id for one in entries} <= {desk.deputy.person_id}
    return [
        (one.facts["key"], one.facts["document_sha256"], one.facts["problem"]) for one in entries
    ]


def plugged_in_again(act: Callable[[], object]) -> None:
    """Try until the pause after the failure is over and the device is asked again."""
    for _ in range(100):
        try:
            act()
        except TokenRemoved:
            time.sleep(0.1)
        else:
            return
    pytest.fail("the device does not come back")


@needs_softhsm
def test_packets_are_signed_by_a_key_of_a_device_that_the_node_opens_itself(
    token: str, ministry: Desk, cabinet: KeyCabinet
) -> None:
    organization = ministry.organization
    subject = Subject("Dịch vụ liên thông", organization.name, organization.code)
    issued = issue(cabinet, Profile.SERVICE, subject, in_token("may-chu", b"goi-tin"))
    hold(ministry, pki.KeyPlace.TOKEN, "may", b"goi-tin".hex(), issued, kind=pki.KeyKind.SERVICE)

    signature = pki.service_signer(organization.pk).sign_digest(b"\x01" * 32)

    key = issued[0].public_key()
    assert isinstance(key, PublicKey)
    verify_digest(key, b"\x01" * 32, signature)
    offered = [one.value for one in devices.choices(pki.KeyKind.PERSON)]
    assert offered == ["file", "token:ban"], "the node's own device holds no key of a person"


# A remote service.


@pytest.mark.usefixtures("keys")
def test_a_person_signs_with_a_remote_key(
    service: Service, ministry: Desk, province: Desk, cabinet: KeyCabinet
) -> None:
    """SG-K-06, SG-K-07: the service is told number and subject of what it signs."""
    deputy_with_service(cabinet, ministry, service)
    document = awaiting(ministry, drafted(ministry, province))

    signed = actions.sign(
        ministry.deputy, document, pki.Consent(REMOTE_PIN, service.code("khoa-1"))
    )

    assert signed.state == "signed"
    assert f"{signed.reference}: {signed.subject}" in service.signing.uses[-1].description


@pytest.mark.usefixtures("keys")
@pytest.mark.parametrize("wrong", ["pin", "code", "used code"])
def test_a_remote_key_refuses_without_both_factors(
    service: Service, ministry: Desk, province: Desk, cabinet: KeyCabinet, wrong: str
) -> None:
    deputy_with_service(cabinet, ministry, service)
    document = awaiting(ministry, drafted(ministry, province))
    consent = {
        "pin": pki.Consent("000000", service.code("khoa-1")),
        "code": pki.Consent(REMOTE_PIN, "000000"),
        "used code": pki.Consent(REMOTE_PIN, service.code("khoa-1")),
    }[wrong]
    if wrong == "used code":
        other = awaiting(ministry, drafted(ministry, province))
        actions.sign(ministry.deputy, other, consent)
        NumberSeries.objects.all().delete()

    with pytest.raises((signing.KeyPasswordWrong, OneTimeCodeWrong)):
        actions.sign(ministry.deputy, document, consent)

    assert nothing_happened(document)


class SignsAnother:
    """A key whose device signs something else than what it was given."""

    def __init__(self, key: KeySigner) -> None:
        self._key, self.certificate, self.chain = key, key.certificate, key.chain

    def sign_digest(self, digest: bytes) -> bytes:
        return self._key.sign_digest(bytes(32))


@pytest.mark.usefixtures("keys")
def test_a_signature_over_another_digest_is_not_used(
    service: Service, ministry: Desk, province: Desk, cabinet: KeyCabinet
) -> None:
    """R62."""
    deputy_with_service(cabinet, ministry, service, SignsAnother)
    document = awaiting(ministry, drafted(ministry, province))

    with pytest.raises(SignatureNotMade):
        actions.sign(ministry.deputy, document, pki.Consent(REMOTE_PIN, service.code("khoa-1")))

    assert nothing_happened(document)


@pytest.mark.usefixtures("keys")
def test_a_service_that_is_down_leaves_nothing_half_done(
    settings_of_devices: Callable[..., None],
    ministry: Desk,
    province: Desk,
    cabinet: KeyCabinet,
    tmp_path: Path,
) -> None:
    (tmp_path / "secret").write_text("x")
    settings_of_devices(
        '[[remote]]\nname = "xa"\ntitle = "Dịch vụ"\nurl = "http://127.0.0.1:9"\n'
        f'client = "{CLIENT}"\nsecret_file = "{tmp_path / "secret"}"\n'
    )
    subject = person_subject(ministry.deputy, ministry.organization)
    issued = issue(cabinet, Profile.PERSON, subject, make_ec_key().public_key())
    hold(ministry, pki.KeyPlace.REMOTE, "xa", "khoa-1", issued)
    document = awaiting(ministry, drafted(ministry, province))

    with pytest.raises(RemoteSigningUnavailable):
        actions.sign(ministry.deputy, document, pki.Consent(REMOTE_PIN, "123456"))

    assert nothing_happened(document)


def test_many_works_are_authorised_together_at_a_remote_service(
    service: Service, ministry: Desk, cabinet: KeyCabinet
) -> None:
    """SG-K-07: one code, one authorisation, a line for each."""
    deputy_with_service(cabinet, ministry, service)
    key = pki.usable_key(pki.KeyKind.PERSON, person_id=ministry.deputy.person_id)
    digests = [bytes([number]) * 32 for number in range(3)]

    def work(digest: bytes) -> Callable[[signing.DigestSigner], bytes]:
        return lambda signer: signer.sign_digest(digest)

    works = [(f"Yêu cầu {number}", work(one)) for number, one in enumerate(digests)]
    consent = pki.Consent(REMOTE_PIN, service.code("khoa-1"))
    with opened_for_many(key, consent, works) as signer:
        signatures = [each(signer) for _, each in works]
        with pytest.raises(agent.AgentDigestWrong):
            signer.sign_digest(b"\xff" * 32)

    public = key.certificate.public_key()
    assert isinstance(public, PublicKey)
    for digest, signature in zip(digests, signatures, strict=True):
        verify_digest(public, digest, signature)
    granted = [one for one in service.signing.uses if "Yêu cầu 0" in one.description]
    assert {len(one.digests) for one in granted} == {3}


# A device beside the browser.


@pytest.fixture
def agent_url(token: str, settings: Settings) -> Iterator[str]:
    """The agent with the deputy's token, on a real port."""
    with make_server(
        TokenAgent(MODULE, LABEL, lambda _: TOKEN_PIN), origins=[ORIGIN], port=0
    ) as server:
        thread = threading.Thread(target=server.serve_forever, args=[0.05])
        thread.start()
        settings.AGENT_URL = f"http://127.0.0.1:{server.server_address[1]}"
        yield settings.AGENT_URL
        server.shutdown()
        thread.join()


@pytest.fixture
def with_agent(
    request: pytest.FixtureRequest, ministry: Desk, province: Desk, cabinet: KeyCabinet
) -> OutgoingDocument:
    """A document that waits for a deputy whose key is in a token beside the browser."""
    request.getfixturevalue("keys")
    name = timezone.now().isoformat().encode()
    subject = person_subject(ministry.deputy, ministry.organization)
    issued = issue(cabinet, Profile.PERSON, subject, in_token(LABEL, name))
    document = awaiting(ministry, drafted(ministry, province))
    hold(ministry, pki.KeyPlace.BROWSER, "", "", issued)
    request.getfixturevalue("agent_url")
    return document


def ask_agent(url: str, wanted: dict[str, Any], origin: str = ORIGIN) -> httpx.Response:
    with httpx.Client(trust_env=False) as http:
        return http.post(f"{url}/sign", json=wanted, headers={"Origin": origin}, timeout=30)


@needs_softhsm
def test_the_browsers_agent_signs_what_the_page_asks(
    with_agent: OutgoingDocument, agent_url: str, ministry: Desk
) -> None:
    """Digest out, signature in, over the pages: the agent sees number and subject."""
    browser = signed_in(ministry.deputy)
    address = f"/van-ban/di/{with_agent.pk}/ky"

    wanted = browser.post(address, headers={"X-Signing-Step": "ask"}).json()
    assert nothing_happened(with_agent)
    answer = ask_agent(agent_url, wanted)
    done = browser.post(address, {"answer": answer.text})

    assert answer.status_code == 200, answer.text
    assert done.status_code == 302, done.content.decode()
    with_agent.refresh_from_db()
    assert with_agent.state == "signed"
    assert wanted["facts"] == {
        "Số, ký hiệu": with_agent.reference,
        "Trích yếu": with_agent.subject,
    }


@needs_softhsm
def test_without_script_or_agent_the_page_says_what_is_needed(
    with_agent: OutgoingDocument, ministry: Desk
) -> None:
    browser = signed_in(ministry.deputy)

    shown = browser.get(f"/van-ban/di/{with_agent.pk}").content.decode()
    refused = browser.post(f"/van-ban/di/{with_agent.pk}/ky")

    assert "<noscript>" in shown
    assert "Trình duyệt đang tắt JavaScript" in shown
    assert refused.status_code == 409
    assert "pki.key_in_browser" in refused.content.decode()
    assert nothing_happened(with_agent)


@needs_softhsm
@pytest.mark.parametrize(
    ("wrong", "problem"),
    [
        ("signature", agent.AgentSignatureWrong),
        ("digest", agent.AgentDigestWrong),
        ("certificate", agent.AgentCertificateWrong),
        ("form", agent.AgentAnswerUnreadable),
        ("request", agent.AgentRequestGone),
    ],
)
def test_a_wrong_answer_of_the_agent_signs_nothing(
    with_agent: OutgoingDocument, ministry: Desk, wrong: str, problem: type[Exception]
) -> None:
    pending = actions.ask_signature(ministry.deputy, with_agent)
    asked = pending.for_agent()
    other = base64.b64encode(bytes(32)).decode()
    signature = base64.b64encode(make_signature()).decode()
    seal = pki.certificates().filter(kind="agency").first()
    assert seal is not None
    answer = {
        "id": "0" * 32 if wrong == "request" else asked["id"],
        "digest": other if wrong == "digest" else asked["digest"],
        "certificate": seal.pem if wrong == "certificate" else asked["certificate"],
        "signature": signature,
    }
    text = "[]" if wrong == "form" else json.dumps(answer)

    with pytest.raises(problem):
        actions.sign(ministry.deputy, with_agent, pki.Consent(answer=text))

    assert nothing_happened(with_agent)


def make_signature() -> bytes:
    """A well-formed signature, by nobody's key."""
    return make_ec_key().sign(bytes(32), ec.ECDSA(PREHASHED))


@needs_softhsm
def test_a_number_taken_meanwhile_makes_the_answer_worthless(
    with_agent: OutgoingDocument, agent_url: str, ministry: Desk
) -> None:
    """What was shown to the person is no longer what would be signed; the next click is right."""
    wanted = actions.ask_signature(ministry.deputy, with_agent).for_agent()
    answer = ask_agent(agent_url, wanted).text
    NumberSeries.objects.update_or_create(
        organization=ministry.organization,
        series=numbering.Series.OUTGOING,
        year=timezone.localdate().year,
        defaults={"last": 1},
    )

    with pytest.raises(agent.AgentDigestWrong):
        actions.sign(ministry.deputy, with_agent, pki.Consent(answer=answer))

    again = ask_agent(agent_url, actions.ask_signature(ministry.deputy, with_agent).for_agent())
    signed = actions.sign(ministry.deputy, with_agent, pki.Consent(answer=again.text))
    assert signed.number == 2


@needs_softhsm
def test_the_agent_serves_its_own_pages_only(
    with_agent: OutgoingDocument, agent_url: str, ministry: Desk
) -> None:
    wanted = actions.ask_signature(ministry.deputy, with_agent).for_agent()

    stranger = ask_agent(agent_url, wanted, origin="https://la.example")
    with httpx.Client(trust_env=False) as http:
        renamed = http.post(
            f"{agent_url}/sign",
            json=wanted,
            headers={"Origin": ORIGIN, "Host": "la.example"},
        )

    assert stranger.status_code == renamed.status_code == 403
    assert "access-control-allow-origin" not in stranger.headers


@needs_softhsm
def test_a_key_beside_the_browser_signs_one_by_one(
    with_agent: OutgoingDocument, ministry: Desk
) -> None:
    key = pki.usable_key(pki.KeyKind.PERSON, person_id=ministry.deputy.person_id)

    with pytest.raises(KeySignsOneByOne), opened_for_many(key, pki.Consent(), []):
        pytest.fail("opened")


def test_a_wrong_file_of_devices_is_told(
    settings_of_devices: Callable[..., None], ministry: Desk, keys: KeyCabinet
) -> None:
    settings_of_devices('[[token]]\nname = "ban"\n')

    with pytest.raises(KeyDevicesUnreadable):
        devices.choices(pki.KeyKind.PERSON)
