"""Files of every kind through one door: told by content, judged, and never a crash."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import cache

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import given
from hypothesis import strategies as st

from lienthong.core import signing
from lienthong.core.signing import Verdict, ocsp, pki_file
from lienthong.core.signing.verify_file import FileVerdict, verify_bytes
from lienthong.core.signing.xml import sign_packet_xml, sign_xml
from lienthong.core.tests import signing_samples as samples
from lienthong.core.tests.pki_fixture import NOW, test_pki
from lienthong.core.tests.stamp_samples import Desk, World
from lienthong.core.tests.test_evidence_file import good, packet_of, receipt_of

CONTENT = b"noi dung"


def look(data: bytes, companion: bytes | None = None) -> FileVerdict:
    return verify_bytes(data, trust=test_pki().trust, at=NOW, companion=companion)


@cache
def answer() -> bytes:
    world = World(test_pki(), NOW)
    signer = test_pki().person()
    world.knows(signer)
    issuer = test_pki().people.certificate
    return world.responder.answer(ocsp.build_request(signer.certificate, issuer), NOW)


@cache
def token() -> bytes:
    return Desk(test_pki()).source.stamp(hashlib.sha256(CONTENT).digest())


@cache
def detached() -> bytes:
    return signing.sign_detached(CONTENT, signer=test_pki().person(), at=NOW)


@cache
def files() -> dict[str, bytes]:
    """One good file of each kind."""
    pki = test_pki()
    return {
        "pdf": samples.signed_twice(),
        "evidence": good(),
        "cades": detached(),
        "xml": sign_xml(b"<a><b/></a>", signer=pki.person(), at=NOW),
        "packet": sign_packet_xml(packet_of(b"%PDF-x"), signer=pki.service(), at=NOW),
        "receipt": receipt_of(b"<edXML/>"),
        "jws": signing.sign_jws({"a": 1}, key=pki.receipt(), at=NOW).encode(),
        "certificate": pki.person().certificate.public_bytes(Encoding.DER),
        "crl": pki.trust.crls[0].public_bytes(Encoding.DER),
        "ocsp": answer(),
        "timestamp": token(),
    }


COMPANIONS: dict[str, Callable[[], bytes]] = {
    "cades": lambda: CONTENT,
    "timestamp": lambda: CONTENT,
    "receipt": lambda: b"<edXML/>",
    "ocsp": lambda: test_pki().person().certificate.public_bytes(Encoding.DER),
}


@pytest.mark.parametrize("kind", sorted(files()))
def test_a_good_file_of_each_kind_is_told_and_valid(kind: str) -> None:
    beside = COMPANIONS[kind]() if kind in COMPANIONS else None

    found = look(files()[kind], beside)

    assert (found.kind, found.verdict) == (kind, Verdict.VALID), found.text()
    assert found.why == ""


@pytest.mark.parametrize("kind", ["cades", "timestamp", "ocsp"])
def test_what_speaks_of_something_else_is_undecided_without_it(kind: str) -> None:
    found = look(files()[kind])

    assert (found.kind, found.verdict) == (kind, Verdict.UNKNOWN)
    assert found.why


@pytest.mark.parametrize("kind", ["cades", "timestamp", "receipt", "ocsp"])
def test_what_speaks_of_something_else_is_not_valid_with_another(kind: str) -> None:  # R49, R59
    other = test_pki().agency().certificate.public_bytes(Encoding.DER)

    assert look(files()[kind], other).verdict is not Verdict.VALID


def test_pem_says_the_same_as_der() -> None:
    certificate = test_pki().person().certificate

    assert look(certificate.public_bytes(Encoding.PEM)).verdict is Verdict.VALID


def test_a_signature_beside_a_pdf_counts_as_well() -> None:
    document = samples.signed_twice()
    beside = signing.sign_detached(document, signer=test_pki().person(), at=NOW)
    of_another = signing.sign_detached(b"other", signer=test_pki().person(), at=NOW)

    assert look(document, beside).verdict is Verdict.VALID
    assert look(document, of_another).verdict is Verdict.INVALID


def test_a_seal_of_a_node_is_not_a_signature_of_a_file() -> None:  # R38
    found = look(signing.sign_detached(CONTENT, signer=test_pki().node(), at=NOW), CONTENT)

    assert found.verdict is Verdict.UNKNOWN


@given(st.sampled_from(sorted(files())), st.integers(0, 2**20), st.integers(1, 255), st.booleans())
def test_a_changed_file_is_judged_and_never_crashes(
    kind: str, place: int, flip: int, shorter: bool
) -> None:
    data = bytearray(files()[kind])
    data[place % len(data)] ^= flip
    if shorter:
        del data[place % len(data) :]
    beside = COMPANIONS[kind]() if kind in COMPANIONS else None

    found = look(bytes(data), beside)

    assert found.verdict in set(Verdict)
    pki_file.describe(bytes(data))


@given(st.binary(max_size=300))
def test_any_bytes_are_judged_and_never_valid(data: bytes) -> None:
    assert look(data).verdict is not Verdict.VALID
    assert look(b"\x30" + data).verdict is not Verdict.VALID
    assert pki_file.describe(data) is None or data
