"""The services as others see them: openssl, and a node over HTTP (SG 13, SG-R-01 to SG-R-04)."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import quote

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, pkcs7
from pytest_django import Settings

from lienthong.apps.pki import ceremony
from lienthong.apps.pki.authority import status
from lienthong.apps.pki.authority.models import IssuedCertificate, KeyUse, LogHead
from lienthong.apps.pki.authority.rules import Reason
from lienthong.apps.pki.authority.tests import office as offices
from lienthong.apps.pki.authority.tests.office import Office
from lienthong.core import signing
from lienthong.core.signing import Trust, crl, ocsp
from lienthong.core.signing.authority import (
    POLICY_GOVERNMENT_TSA,
    POLICY_PERSON,
    SOFTWARE_KEY,
    Profile,
    Subject,
    make_ec_key,
)

from .running import Running, running

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(not shutil.which("openssl"), reason="needs openssl"),
]


@pytest.fixture
def services(
    tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Running]:
    """Running services over authorities made an hour ago."""
    settings.DATA_DIR = tmp_path / "node"
    start = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=1)
    monkeypatch.setattr(offices, "START", start)
    people = offices.make_office(tmp_path / "pki")
    people.at = start + timedelta(minutes=30)
    key = make_ec_key()
    certificate, chain = ceremony.issue(
        people.folder, ceremony.SERVICES, Profile.NODE, Subject("bo"), key.public_key(), at=start
    )
    with running(people, signing.KeySigner(key, certificate, chain)) as found:
        yield found


def certificate_of(row: IssuedCertificate) -> x509.Certificate:
    return x509.load_pem_x509_certificate(row.pem.encode())


def pem(path: Path, *objects: x509.Certificate | x509.CertificateRevocationList) -> str:
    path.write_bytes(b"".join(one.public_bytes(Encoding.PEM) for one in objects))
    return str(path)


def openssl(*arguments: str) -> str:
    done = subprocess.run(
        ["openssl", *arguments],
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
        timeout=60,
    )
    return done.stdout + done.stderr


def ask_openssl(services: Running, row: IssuedCertificate, tmp_path: Path, *more: str) -> str:
    """What `openssl ocsp` says of a certificate, answer and responder checked by it."""
    trust = Trust.from_directory(services.people.folder / "trust")
    issuer = x509.load_pem_x509_certificate(row.authority.pem.encode())
    roots = pem(tmp_path / "roots.pem", *trust.anchors, issuer)
    return openssl(
        "ocsp", "-issuer", pem(tmp_path / "issuer.pem", issuer), *more,
        "-cert", pem(tmp_path / "leaf.pem", certificate_of(row)),
        "-url", f"{services.url}/ocsp", "-CAfile", roots,
    )  # fmt: skip


@pytest.mark.parametrize("more", [(), ("-sha256",), ("-no_nonce",)])
def test_openssl_agrees_on_good_revoked_and_unknown(
    services: Running, tmp_path: Path, more: tuple[str, ...]
) -> None:
    """A new status is told at once; only the flags of the question differ (SG-R-01, SG-R-02)."""
    row = services.people.issue()
    _wait_until_known(services, row)

    good = ask_openssl(services, row, tmp_path, *more)
    status.revoke(services.people.folder, row, at=datetime.now(UTC), reason=Reason.KEY_COMPROMISE)
    _wait_until_known(services, row, revoked=True)
    revoked = ask_openssl(services, row, tmp_path, *more)

    assert "Response verify OK" in good, good
    assert "leaf.pem: good" in good
    assert "Response verify OK" in revoked
    assert "leaf.pem: revoked" in revoked
    assert "keyCompromise" in revoked


def _wait_until_known(services: Running, row: IssuedCertificate, *, revoked: bool = False) -> None:
    """Rows written by another process are read within a second."""
    issuer = x509.load_pem_x509_certificate(row.authority.pem.encode())
    question = ocsp.build_request(certificate_of(row), issuer)
    wanted = x509.ocsp.OCSPCertStatus.REVOKED if revoked else x509.ocsp.OCSPCertStatus.GOOD
    give_up = datetime.now(UTC) + timedelta(seconds=30)
    while datetime.now(UTC) < give_up:
        answer = x509.ocsp.load_der_ocsp_response(services.post("/ocsp", question).content)
        if answer.certificate_status is wanted:
            return
    raise AssertionError("the status was not told")


def test_a_serial_that_nobody_issued_is_unknown_and_a_strange_issuer_is_refused(
    services: Running,
) -> None:
    with ceremony.authority(services.people.folder, ceremony.PEOPLE) as authority:
        issuer = authority.certificate
        forged = authority.issue(
            Profile.PERSON, Subject("Ma"), make_ec_key().public_key(), at=services.people.at
        )
    strange = services.people.registrar.certificate

    told = services.post("/ocsp", ocsp.build_request(forged, issuer)).content
    refused = services.post("/ocsp", ocsp.build_request(forged, strange)).content
    broken = services.post("/ocsp", b"\x30\x80nothing").content

    assert (
        x509.ocsp.load_der_ocsp_response(told).certificate_status
        is x509.ocsp.OCSPCertStatus.UNKNOWN
    )
    assert (
        x509.ocsp.load_der_ocsp_response(refused).response_status
        is x509.ocsp.OCSPResponseStatus.UNAUTHORIZED
    )
    assert (
        x509.ocsp.load_der_ocsp_response(broken).response_status
        is x509.ocsp.OCSPResponseStatus.MALFORMED_REQUEST
    )


def test_ocsp_answers_to_get_as_well(services: Running) -> None:
    row = IssuedCertificate.objects.get(holder="CB:VN-G09-6")
    question = ocsp.build_request(
        certificate_of(row), x509.load_pem_x509_certificate(row.authority.pem.encode())
    )

    answer = services.get(f"/ocsp/{quote(base64.b64encode(question).decode(), safe='')}")

    found = x509.ocsp.load_der_ocsp_response(answer.content)
    assert found.certificate_status is x509.ocsp.OCSPCertStatus.GOOD
    assert "max-age" in answer.headers["cache-control"]


def test_openssl_verifies_issued_chains_also_through_the_cross_certificate(
    services: Running, tmp_path: Path
) -> None:
    """Lists and issuers come from the running services, by the addresses in the certificates."""
    people = services.people
    leaf = certificate_of(people.issue())
    trust = Trust.from_directory(people.folder / "trust")
    government, national = trust.anchors
    if "quốc gia" in str(government.subject):
        government, national = national, government
    lists = [_fetch_list(services, key_id) for key_id in _key_ids(people)]
    crls = pem(tmp_path / "crls.pem", *lists)
    between = pem(tmp_path / "between.pem", *trust.intermediates)
    told = {
        name: openssl(
            "verify", "-CAfile", pem(tmp_path / f"{name}.pem", anchor), "-untrusted", between,
            "-CRLfile", crls, "-crl_check_all", "-policy_check", "-explicit_policy",
            "-policy", f"{POLICY_PERSON}.{SOFTWARE_KEY}", "-x509_strict",
            pem(tmp_path / "leaf.pem", leaf),
        )
        for name, anchor in (("government", government), ("national", national))
    }  # fmt: skip

    assert told["government"].strip().endswith("OK"), told
    assert told["national"].strip().endswith("OK"), told


def _key_ids(people: Office) -> list[str]:
    return [path.name for path in sorted((people.folder / "ca").iterdir())]


def _fetch_list(services: Running, name: str) -> x509.CertificateRevocationList:
    with ceremony.authority(services.people.folder, name) as found:
        key_id = found.identifier
    return x509.load_der_x509_crl(services.get(f"/crl/{key_id}.crl").content)


def test_a_hold_that_becomes_a_revocation_is_told_with_its_new_reason(services: Running) -> None:
    row = services.people.issue()
    held_at = datetime.now(UTC).replace(microsecond=0)
    status.hold(services.people.folder, row, at=held_at)
    _wait_until_known(services, row, revoked=True)

    status.revoke(services.people.folder, row, at=datetime.now(UTC), reason=Reason.KEY_COMPROMISE)

    issuer = x509.load_pem_x509_certificate(row.authority.pem.encode())
    question = ocsp.build_request(certificate_of(row), issuer)
    for _ in range(300):
        told = x509.ocsp.load_der_ocsp_response(services.post("/ocsp", question).content)
        if told.revocation_reason is x509.ReasonFlags.key_compromise:
            break
        time.sleep(0.1)
    assert told.revocation_reason is x509.ReasonFlags.key_compromise
    assert told.revocation_time_utc == held_at


def test_a_root_is_published_with_its_cross_certificate(services: Running) -> None:
    with ceremony.authority(services.people.folder, ceremony.GOVERNMENT_ROOT) as found:
        root, key_id = found.certificate, found.identifier

    answer = services.get(f"/ca/{key_id}.cer")

    bag = pkcs7.load_der_pkcs7_certificates(answer.content)
    assert answer.headers["content-type"] == "application/pkcs7-mime"
    assert {one.public_key() == root.public_key() for one in bag} == {True}
    assert {one.issuer == root.subject for one in bag} == {True, False}


def test_a_delta_list_tells_what_changed_since_the_full_one(services: Running) -> None:
    people = services.people
    row = people.issue()
    status.hold(people.folder, row, at=datetime.now(UTC))
    _wait_until_known(services, row, revoked=True)

    data = services.get(f"/crl/{row.authority.key_id}-delta.crl").content
    full = services.get(f"/crl/{row.authority.key_id}.crl").content

    delta = crl.read(x509.load_der_x509_crl(data))
    whole = crl.read(x509.load_der_x509_crl(full))
    held = delta.entry(int(row.serial, 16), delta.issuer)
    assert delta.is_delta
    assert (delta.number, delta.base_number) == (whole.number, whole.number - 1)
    assert held is not None
    assert held.reason is x509.ReasonFlags.certificate_hold


@pytest.mark.parametrize("digest", ["-sha256", "-sha384", "-sha512"])
def test_openssl_verifies_time_stamps_and_each_is_logged(
    services: Running, tmp_path: Path, digest: str
) -> None:
    data = tmp_path / "data"
    data.write_bytes(b"van ban")
    query, reply = tmp_path / "query.tsq", tmp_path / "reply.tsr"
    openssl("ts", "-query", "-data", str(data), digest, "-cert", "-out", str(query))

    reply.write_bytes(services.post("/tsa", query.read_bytes()).content)

    trust = Trust.from_directory(services.people.folder / "trust")
    told = openssl(
        "ts", "-verify", "-queryfile", str(query), "-in", str(reply),
        "-CAfile", pem(tmp_path / "roots.pem", *trust.anchors),
    )  # fmt: skip
    text = openssl("ts", "-reply", "-in", str(reply), "-text")
    assert "Verification: OK" in told, told
    assert f"Policy OID: {POLICY_GOVERNMENT_TSA}.{SOFTWARE_KEY}" in text
    assert LogHead.objects.get(name="timestamps").size == 1


def test_a_time_stamp_over_sha1_is_refused(services: Running, tmp_path: Path) -> None:
    data, query = tmp_path / "data", tmp_path / "query.tsq"
    data.write_bytes(b"van ban")
    openssl("ts", "-query", "-data", str(data), "-sha1", "-cert", "-out", str(query))
    reply = tmp_path / "reply.tsr"

    reply.write_bytes(services.post("/tsa", query.read_bytes()).content)

    assert "Rejected" in openssl("ts", "-reply", "-in", str(reply), "-text")
    assert not LogHead.objects.filter(name="timestamps").exists()


def test_a_node_registers_over_http_and_ocsp_knows_the_certificate_at_once(
    services: Running,
) -> None:
    people = services.people
    people.at = datetime.now(UTC).replace(microsecond=0)
    token = people.token(people.payload()).encode()

    answer = services.call("POST", "/pki/v1/requests", token)
    again = services.call("POST", "/pki/v1/requests", token)

    assert answer.status_code == 201, answer.text
    assert answer.json()["certificate"] == again.json()["certificate"]
    certificate = x509.load_der_x509_certificate(base64.b64decode(answer.json()["certificate"]))
    issuer = x509.load_der_x509_certificate(base64.b64decode(answer.json()["chain"][0]))
    told = services.post("/ocsp", ocsp.build_request(certificate, issuer)).content
    found = x509.ocsp.load_der_ocsp_response(told)
    assert found.certificate_status is x509.ocsp.OCSPCertStatus.GOOD
    checked = ocsp.check_response(
        told, certificate=certificate, issuer=issuer, at=datetime.now(UTC)
    )
    assert checked is not None
    listed = services.call("GET", "/pki/v1/certificates?q=pham+thi+thu").json()["certificates"]
    assert [one["status"] for one in listed] == ["active"]


def test_the_services_refuse_strangers_and_what_was_changed_on_the_way(services: Running) -> None:
    token = services.people.token(services.people.payload()).encode()

    stranger = services.call("POST", "/pki/v1/requests", token, key_id="la")
    changed = services.call("POST", "/pki/v1/requests", token + b"x", over=token)
    unsigned = services.post("/pki/v1/requests", token)
    large = services.call("POST", "/pki/v1/requests", b"x" * 100_000)
    other = services.call("GET", "/pki/v1/mandates?agency=H05")

    assert (stranger.status_code, stranger.json()["code"]) == (
        401, "signing.request_signature_invalid",
    )  # fmt: skip
    assert changed.json()["code"] == "pki.digest_wrong"
    assert unsigned.status_code == 401
    assert large.status_code == 413
    assert other.json()["code"] == "pki.caller_unknown"
    assert services.get("/health").json()["ok"]
    assert services.get("/nothing").json()["code"] == "pki.service_path_unknown"


def test_a_node_reads_its_mandates(services: Running) -> None:
    answer = services.call("GET", "/pki/v1/mandates?agency=G09")

    found = answer.json()["mandates"]
    assert [one["id"] for one in found] == [str(services.people.mandate.pk)]
    assert json.dumps(found[0]["limits"])


def test_uses_of_service_keys_are_counted(
    services: Running, monkeypatch: pytest.MonkeyPatch
) -> None:  # SG-K-09
    monkeypatch.setattr("lienthong.apps.pki.services.office.AUDIT_EVERY", timedelta(0))
    row = IssuedCertificate.objects.get(holder="CB:VN-G09-6")
    _wait_until_known(services, row)

    for _ in range(300):
        found = KeyUse.objects.filter(purpose="ocsp").first()
        if found is not None:
            break
        time.sleep(0.1)
    assert found is not None
    assert (found.key, found.count) == ("ocsp/government-a", 1)
