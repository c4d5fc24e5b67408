"""Remote signing over HTTP: our client and our test server (SG-K-05 to SG-K-07, R61, R62)."""

from __future__ import annotations

import asyncio
import base64
import hashlib
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.applications import Starlette

from lienthong.apps.pki.remote.client import HTTPTransport
from lienthong.apps.pki.remote.server import make_app
from lienthong.apps.pki.remote.service import SigningService, one_time_code
from lienthong.core import signing
from lienthong.core.signing import (
    PERSON_FIELD,
    DigestSigner,
    KeyPasswordWrong,
    SignatureNotMade,
    Verdict,
)
from lienthong.core.signing.csc import (
    ECDSA_SHA256_OID,
    SHA256_OID,
    OneTimeCodeWrong,
    RemoteBatchTooLarge,
    RemoteSigner,
    RemoteSigningRefused,
    RemoteSigningService,
    RemoteSigningUnavailable,
    StepUp,
)
from lienthong.core.signing.dpop import make_proof
from lienthong.core.signing.keys import verify_digest
from lienthong.core.signing.report import Indication
from lienthong.core.signing.xml import sign_xml, verify_xml
from lienthong.core.tests import signing_samples as samples
from lienthong.core.tests.pki_fixture import NOW, PERSON_NAME, rsa_keys, test_pki
from lienthong.core.tests.signing_cases.rules import rule

URL = "http://ky-tu-xa.example"
PIN = "135790"
LINE = "12/BTN-VP: V/v thử nghiệm"
DIGEST, OTHER = (hashlib.sha256(text).digest() for text in (b"mot", b"hai"))


class Clock:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now

    def pass_(self, **span: float) -> None:
        self.now += timedelta(**span)


class InThisProcess(httpx.BaseTransport):
    """Gives requests to an app, without a socket."""

    def __init__(self, app: Starlette) -> None:
        self._app = httpx.ASGITransport(app)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        async def ask() -> httpx.Response:
            asked = httpx.Request(
                request.method, request.url, headers=request.headers, content=request.read()
            )
            answer = await self._app.handle_async_request(asked)
            await answer.aread()
            return answer

        answer = asyncio.run(ask())
        return httpx.Response(answer.status_code, headers=answer.headers, content=answer.content)


class User:
    """A signer with an application, a credential and a generator of one-time codes."""

    def __init__(
        self,
        name: str,
        service: SigningService,
        http: httpx.Client,
        clock: Clock,
        key: DigestSigner,
    ) -> None:
        self.credential_id = f"khoa-{name}"
        secret = service.add_client(f"app-{name}", user_id=name)
        self._otp = service.add_credential(
            self.credential_id, user_id=name, signer=key, pin=PIN, name=f"Khóa của {name}"
        )
        self._clock = clock
        self.transport = HTTPTransport(
            URL, client_id=f"app-{name}", client_secret=secret, http=http, clock=clock
        )
        self.service = RemoteSigningService(self.transport)

    def factors(self, pin: str = PIN) -> dict[str, str]:
        """PIN and a fresh code: the clock goes on, for a code is taken once."""
        self._clock.pass_(seconds=30)
        return {"PIN": pin, "OTP": one_time_code(self._otp, self._clock())}

    def step_up(self, *lines: str, pin: str = PIN) -> StepUp:
        return StepUp(lines or (LINE,), self.factors(pin))

    def authorize(self, *digests: bytes) -> str:
        answer = self.transport.post("credentials/authorize", self.request(*digests))
        return str(answer["SAD"])

    def request(self, *digests: bytes, **changes: Any) -> dict[str, Any]:
        return {
            "credentialID": self.credential_id,
            "numSignatures": len(digests),
            "hashes": encoded(*digests),
            "hashAlgorithmOID": SHA256_OID,
            "authData": [{"id": k, "value": v} for k, v in self.factors().items()],
            "description": LINE,
            **changes,
        }

    def sign_hash(self, sad: str, *digests: bytes, **changes: Any) -> Mapping[str, Any]:
        body = {
            "credentialID": self.credential_id,
            "SAD": sad,
            "hashes": encoded(*digests),
            "hashAlgorithmOID": SHA256_OID,
            "signAlgo": ECDSA_SHA256_OID,
            **changes,
        }
        return self.transport.post("signatures/signHash", body)


def encoded(*digests: bytes) -> list[str]:
    return [base64.b64encode(one).decode() for one in digests]


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def service(clock: Clock) -> SigningService:
    return SigningService(URL, clock=clock, stamp=lambda digest: b"token over " + digest)


@pytest.fixture
def http(service: SigningService) -> Iterator[httpx.Client]:
    with httpx.Client(transport=InThisProcess(make_app(service))) as client:
        yield client


@pytest.fixture
def khai(service: SigningService, http: httpx.Client, clock: Clock) -> User:
    return User("khai", service, http, clock, test_pki().person())


@pytest.fixture
def binh(service: SigningService, http: httpx.Client, clock: Clock) -> User:
    return User("binh", service, http, clock, test_pki().person("Trần Thị Bình"))


def refused(problem: pytest.ExceptionInfo[RemoteSigningRefused]) -> str:
    return str(problem.value.facts["error"])


# What works.


def test_a_document_signed_remotely_is_valid(khai: User) -> None:
    credential = khai.service.credential(khai.service.credentials()[0])
    signer = RemoteSigner(khai.service, credential, khai.step_up())

    signed = signing.sign_pdf(
        samples.prepared(), field=PERSON_FIELD, signer=signer, name=PERSON_NAME, reason="",
        location="", at=NOW,
    )  # fmt: skip

    report = signing.verify_pdf(signed, trust=test_pki().trust, at=NOW)
    assert report.verdict is Verdict.VALID, report.findings


def test_an_rsa_key_signs_remotely_by_pss(
    service: SigningService, http: httpx.Client, clock: Clock
) -> None:
    user = User("rsa", service, http, clock, test_pki().person("Phạm RSA", key=rsa_keys()[0]))
    credential = user.service.credential(user.credential_id)

    signed = sign_xml(
        b"<a/>", signer=RemoteSigner(user.service, credential, user.step_up()), at=NOW
    )

    assert verify_xml(signed, trust=test_pki().trust, at=NOW).report.indication is Indication.PASSED


def test_fifty_documents_are_signed_under_one_authorisation(khai: User) -> None:
    digests = [hashlib.sha256(b"%d" % number).digest() for number in range(50)]
    credential = khai.service.credential(khai.credential_id)

    signatures = khai.service.sign(credential, digests, khai.step_up(*[LINE] * 50))

    for digest, signature in zip(digests, signatures, strict=True):
        verify_digest(credential.public_key, digest, signature)


def test_fifty_one_documents_are_too_many(khai: User) -> None:
    credential = khai.service.credential(khai.credential_id)
    digests = [hashlib.sha256(b"%d" % number).digest() for number in range(51)]

    with pytest.raises(RemoteBatchTooLarge):
        khai.service.sign(credential, digests, khai.step_up())
    with pytest.raises(RemoteSigningRefused):
        khai.authorize(*digests)


def test_the_service_tells_what_it_can(http: httpx.Client) -> None:
    found = http.post(f"{URL}/csc/v2/info", json={}).json()

    assert found["specs"].startswith("2.")
    assert set(found) >= {"name", "logo", "region", "lang", "description", "authType", "methods"}
    assert "signatures/signHash" in found["methods"]


def test_the_service_stamps(khai: User) -> None:
    assert khai.service.stamp(DIGEST) == b"token over " + DIGEST


def test_credentials_come_in_pages(khai: User, service: SigningService) -> None:
    for number in range(4):
        service.add_credential(
            f"them-{number}", user_id="khai", signer=test_pki().person(), pin=PIN
        )

    first = khai.transport.post("credentials/list", {"maxResults": 2})
    second = khai.transport.post(
        "credentials/list", {"maxResults": 2, "pageToken": first["nextPageToken"]}
    )

    assert len(first["credentialIDs"]) == len(second["credentialIDs"]) == 2
    assert len(khai.service.credentials()) == 5


def test_every_use_is_recorded_without_content(khai: User, service: SigningService) -> None:
    khai.sign_hash(khai.authorize(DIGEST), DIGEST)

    uses = service.uses
    assert [(use.action, use.result) for use in uses] == [("authorize", "ok"), ("signHash", "ok")]
    assert all(use.digests == (DIGEST.hex(),) and use.description == LINE for use in uses)


# R61: both factors, each time.


@rule("R61")
def test_r61_a_wrong_pin_signs_nothing(khai: User) -> None:
    credential = khai.service.credential(khai.credential_id)

    with pytest.raises(KeyPasswordWrong):
        khai.service.sign(credential, [DIGEST], khai.step_up(pin="000000"))


@rule("R61")
def test_r61_three_wrong_pins_lock_the_credential(khai: User) -> None:
    credential = khai.service.credential(khai.credential_id)
    for _ in range(3):
        with pytest.raises(KeyPasswordWrong):
            khai.service.sign(credential, [DIGEST], khai.step_up(pin="000000"))

    with pytest.raises(RemoteSigningRefused):
        khai.service.sign(credential, [DIGEST], khai.step_up())
    with pytest.raises(RemoteSigningRefused):
        khai.service.credential(khai.credential_id)


@rule("R61")
def test_r61_a_one_time_code_is_taken_once(khai: User) -> None:
    credential = khai.service.credential(khai.credential_id)
    step_up = khai.step_up()
    assert khai.service.sign(credential, [DIGEST], step_up)

    with pytest.raises(OneTimeCodeWrong):
        khai.service.sign(credential, [OTHER], step_up)


@rule("R61")
@pytest.mark.parametrize("given", [[], [{"id": "PIN", "value": PIN}]], ids=["none", "PIN alone"])
def test_r61_without_both_factors_there_is_no_authorisation(
    khai: User, given: list[dict[str, str]]
) -> None:
    body = khai.request(DIGEST, authData=given)

    with pytest.raises((KeyPasswordWrong, OneTimeCodeWrong)):
        khai.transport.post("credentials/authorize", body)


def test_sg_k_07_an_authorisation_says_what_is_signed(khai: User) -> None:
    with pytest.raises(RemoteSigningRefused):
        khai.transport.post("credentials/authorize", khai.request(DIGEST, description=" "))


# R62: one authorisation, one digest, one user, once, for five minutes.


@rule("R62")
def test_r62_an_authorisation_for_one_digest_signs_no_other(khai: User) -> None:
    sad = khai.authorize(DIGEST)

    with pytest.raises(RemoteSigningRefused):
        khai.sign_hash(sad, OTHER)

    assert khai.sign_hash(sad, DIGEST)["signatures"]  # and is not used up by the attempt


@rule("R62")
def test_r62_an_authorisation_is_used_once(khai: User) -> None:
    sad = khai.authorize(DIGEST)
    assert khai.sign_hash(sad, DIGEST)["signatures"]

    with pytest.raises(RemoteSigningRefused):
        khai.sign_hash(sad, DIGEST)


@rule("R62")
def test_r62_each_digest_of_a_batch_is_used_once(khai: User) -> None:
    sad = khai.authorize(DIGEST, OTHER)
    assert khai.sign_hash(sad, DIGEST)["signatures"]

    with pytest.raises(RemoteSigningRefused):
        khai.sign_hash(sad, DIGEST, OTHER)

    assert khai.sign_hash(sad, OTHER)["signatures"]


@rule("R62")
def test_r62_another_user_cannot_use_an_authorisation(khai: User, binh: User) -> None:
    sad = khai.authorize(DIGEST)

    with pytest.raises(RemoteSigningRefused):
        binh.sign_hash(sad, DIGEST)
    with pytest.raises(RemoteSigningRefused):
        binh.sign_hash(sad, DIGEST, credentialID=khai.credential_id)


@rule("R62")
def test_r62_another_application_of_the_same_user_cannot_use_it(
    khai: User, service: SigningService, http: httpx.Client, clock: Clock
) -> None:
    sad = khai.authorize(DIGEST)
    secret = service.add_client("app-khac", user_id="khai")
    khai.transport = HTTPTransport(
        URL, client_id="app-khac", client_secret=secret, http=http, clock=clock
    )

    with pytest.raises(RemoteSigningRefused):
        khai.sign_hash(sad, DIGEST)


@rule("R62")
def test_r62_an_authorisation_ends_after_five_minutes(khai: User, clock: Clock) -> None:
    sad = khai.authorize(DIGEST)
    clock.pass_(minutes=5, seconds=1)

    with pytest.raises(RemoteSigningRefused):
        khai.sign_hash(sad, DIGEST)


@rule("R62")
@pytest.mark.parametrize(
    "changes",
    [
        {"signAlgo": "1.2.840.113549.1.1.1"},
        {"hashAlgorithmOID": "1.3.14.3.2.26"},
        {"operationMode": "A"},
        {"hashes": []},
        {"hashes": "x"},
        {"hashes": ["AAAA"]},
        {"SAD": ""},
        {"SAD": 7},
        {"credentialID": None},
    ],
)
def test_r62_a_request_of_another_form_signs_nothing(khai: User, changes: dict[str, Any]) -> None:
    sad = khai.authorize(DIGEST)

    with pytest.raises(RemoteSigningRefused):
        khai.sign_hash(sad, DIGEST, **changes)


class FailingOnce:
    """A key in a device that is away the first time."""

    def __init__(self, inner: DigestSigner) -> None:
        self.certificate, self.chain, self._inner = inner.certificate, inner.chain, inner
        self.is_away = True

    def sign_digest(self, digest: bytes) -> bytes:
        if self.is_away:
            self.is_away = False
            raise SignatureNotMade(detail="thiết bị")
        return self._inner.sign_digest(digest)


@rule("R62")
def test_r62_a_digest_is_used_up_only_with_its_signature(
    service: SigningService, http: httpx.Client, clock: Clock
) -> None:
    user = User("hong", service, http, clock, FailingOnce(test_pki().person()))
    sad = user.authorize(DIGEST)
    with pytest.raises(RemoteSigningUnavailable):
        user.sign_hash(sad, DIGEST)

    assert user.sign_hash(sad, DIGEST)["signatures"]


# Who calls.


def test_a_list_shows_only_the_callers_own_credentials(khai: User, binh: User) -> None:
    assert khai.service.credentials() == (khai.credential_id,)
    with pytest.raises(RemoteSigningRefused):
        khai.transport.post("credentials/list", {"userID": "binh"})
    with pytest.raises(RemoteSigningRefused):
        khai.service.credential(binh.credential_id)


def test_a_stolen_token_is_worth_nothing_without_its_key(
    khai: User, http: httpx.Client, clock: Clock
) -> None:
    assert khai.service.credentials()
    token, url = khai.transport._token, f"{URL}/csc/v2/credentials/list"
    thief = make_proof(ec.generate_private_key(ec.SECP256R1()), "POST", url, token=token, at=NOW)

    for headers in (
        {"Authorization": f"DPoP {token}", "DPoP": thief},
        {"Authorization": f"DPoP {token}"},
        {"Authorization": f"Bearer {token}"},
    ):
        answer = http.post(url, json={}, headers=headers)
        assert answer.status_code == 401
        assert answer.json()["error"] in {"invalid_token", "invalid_dpop_proof"}


def test_a_proof_is_taken_once_and_for_its_own_request(
    khai: User, http: httpx.Client, clock: Clock
) -> None:
    assert khai.service.credentials()
    token, key = khai.transport._token, khai.transport._key
    url = f"{URL}/csc/v2/credentials/list"

    def status(proof: str) -> int:
        headers = {"Authorization": f"DPoP {token}", "DPoP": proof}
        return http.post(url, json={}, headers=headers).status_code

    good = make_proof(key, "POST", url, token=token, at=clock())
    assert [status(good), status(good)] == [200, 401]
    for bad in (
        make_proof(key, "POST", url, at=clock()),
        make_proof(key, "POST", url, token="khac", at=clock()),
        make_proof(key, "GET", url, token=token, at=clock()),
        make_proof(key, "POST", f"{URL}/csc/v2/credentials/info", token=token, at=clock()),
        make_proof(key, "POST", url, token=token, at=clock() - timedelta(minutes=6)),
        make_proof(key, "POST", url, token=token, at=clock() + timedelta(minutes=6)),
        good[:-4] + "AAAA",
        "x",
    ):
        assert status(bad) == 401


def test_a_wrong_secret_gets_no_token(http: httpx.Client, clock: Clock, khai: User) -> None:
    transport = HTTPTransport(
        URL, client_id="app-khai", client_secret="sai", http=http, clock=clock
    )

    with pytest.raises(RemoteSigningRefused) as caught:
        transport.post("credentials/list", {})
    assert refused(caught) == "invalid_client"


def test_a_token_that_ran_out_is_fetched_again(khai: User, clock: Clock) -> None:
    assert khai.service.credentials()
    clock.pass_(hours=1)

    assert khai.service.credentials()


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20) | st.just(encoded(DIGEST)[0]),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4)
    ),
    max_leaves=8,
)
names = st.sampled_from(
    ["credentialID", "SAD", "hashes", "hash", "hashAlgo", "hashAlgorithmOID", "authData", "userID",
     "numSignatures", "description", "maxResults", "pageToken", "certificates", "signAlgo"]
)  # fmt: skip


@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.sampled_from(
        ["credentials/list", "credentials/info", "credentials/authorize", "signatures/signHash",
         "signatures/timestamp"]
    ),
    st.dictionaries(names, values, max_size=8),
    st.booleans(),
)  # fmt: skip
def test_a_request_of_any_content_is_answered_in_the_form_of_the_standard(
    khai: User, method: str, body: dict[str, Any], own: bool
) -> None:
    if own:
        body["credentialID"] = khai.credential_id

    answer = khai.transport._send(method, body, khai.transport._access())

    assert answer.status_code in {200, 400}
    assert answer.status_code == 200 or set(answer.json()) == {"error", "error_description"}


@pytest.mark.parametrize(
    "body", [b"[]", b"{", b"\xff", b"[" * 50_000, b"x" * 70_000, b'{"lang": "\\ud800"}']
)
def test_a_body_that_is_no_object_is_refused(http: httpx.Client, body: bytes) -> None:
    assert http.post(f"{URL}/csc/v2/info", content=body).status_code in {400, 413}


# The far side misbehaves.


def answering(handler: Any) -> RemoteSigningService:
    http = httpx.Client(transport=httpx.MockTransport(handler))
    return RemoteSigningService(
        HTTPTransport(URL, client_id="a", client_secret="b", http=http, clock=lambda: NOW)
    )


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(502, text="<html>"),
        httpx.Response(200, json=[]),
        httpx.Response(200, json={"access_token": 1}),
        httpx.Response(302, headers={"Location": "http://127.0.0.1:9/"}),
    ],
)
def test_a_service_that_answers_nonsense_is_unavailable(answer: httpx.Response) -> None:
    with pytest.raises(RemoteSigningUnavailable):
        answering(lambda _request: answer).credentials()


def test_a_service_that_does_not_answer_is_unavailable() -> None:
    def fail(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused", request=request)

    with pytest.raises(RemoteSigningUnavailable):
        answering(fail).credentials()


def test_a_signature_by_another_key_is_not_used(khai: User) -> None:
    class Swapping:
        """A service that signs with a key of its own."""

        def post(self, method: str, body: Mapping[str, Any]) -> Mapping[str, Any]:
            if method == "credentials/authorize":
                return {"SAD": "x"}
            made = test_pki().person("Kẻ khác").sign_digest(DIGEST)
            return {"signatures": encoded(made)}

    credential = khai.service.credential(khai.credential_id)

    with pytest.raises(SignatureNotMade):
        RemoteSigningService(Swapping()).sign(credential, [DIGEST], khai.step_up())
