"""Other programs read what we sign, and we read what they sign (SG 13, A3, A6)."""

from __future__ import annotations

import io
import shutil
import subprocess
from pathlib import Path

import pytest
from asn1crypto import keys as asn1_keys
from asn1crypto import x509 as asn1_x509
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import fields, signers
from pyhanko_certvalidator.registry import SimpleCertificateStore

from lienthong.core import signing
from lienthong.core.signing import Verdict
from lienthong.core.signing.authority import make_ec_key
from lienthong.core.tests import signing_samples as samples
from lienthong.core.tests.pki_fixture import NOW, test_pki
from lienthong.core.tests.signing_cases import forger, judge


def signed_by_pyhanko(data: bytes, subfilter: fields.SigSeedSubFilter) -> bytes:
    key = make_ec_key()
    person = test_pki().person("Lê Thị Khác", key=key)
    pkcs8 = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    store = SimpleCertificateStore()  # type: ignore[no-untyped-call]
    for one in person.chain:
        store.register(asn1_x509.Certificate.load(one.public_bytes(Encoding.DER)))
    signer = signers.SimpleSigner(
        signing_cert=asn1_x509.Certificate.load(person.certificate.public_bytes(Encoding.DER)),
        signing_key=asn1_keys.PrivateKeyInfo.load(pkcs8),
        cert_registry=store,
    )
    metadata = signers.PdfSignatureMetadata(
        field_name="Signature1", subfilter=subfilter, md_algorithm="sha256"
    )
    out = io.BytesIO()
    signers.sign_pdf(IncrementalPdfFileWriter(io.BytesIO(data)), metadata, signer, output=out)
    return out.getvalue()


@pytest.mark.parametrize(
    "subfilter", [fields.SigSeedSubFilter.PADES, fields.SigSeedSubFilter.ADOBE_PKCS7_DETACHED]
)
@pytest.mark.parametrize("object_streams", [False, True])
def test_a_document_signed_by_another_program_is_valid(
    subfilter: fields.SigSeedSubFilter, object_streams: bool
) -> None:
    data = samples.make_pdf(object_streams=object_streams, version="1.7")
    signed = signed_by_pyhanko(data, subfilter)

    report = signing.verify_pdf(signed, trust=test_pki().trust, at=NOW, second_opinion=False)

    # pyHanko claims the time of this machine, which is later than the time of the check.
    remaining = {one.id for one in report.signatures[0].checks if one.ok is not True}
    assert remaining <= {"claimed_time"}, report.findings


def test_a_field_added_after_the_first_signature_is_not_accepted() -> None:
    """Another program's second signature brings a new field; our rules do not allow it (SG 7.4)."""
    once = signed_by_pyhanko(samples.make_pdf(), fields.SigSeedSubFilter.PADES)
    added = io.BytesIO()
    writer = IncrementalPdfFileWriter(io.BytesIO(once))
    fields.append_signature_field(writer, fields.SigFieldSpec("Khac", box=(10, 10, 90, 90)))
    writer.write(added)  # type: ignore[no-untyped-call]

    report = signing.verify_pdf(
        added.getvalue(), trust=test_pki().trust, at=NOW, second_opinion=False
    )

    assert report.verdict is not Verdict.VALID


@pytest.mark.skipif(shutil.which("openssl") is None, reason="needs openssl")
def test_openssl_accepts_a_packet_signature_as_cades(tmp_path: Path) -> None:
    content, pki = b"<edXML/>", test_pki()
    (tmp_path / "packet.xml").write_bytes(content)
    (tmp_path / "packet.p7s").write_bytes(
        signing.sign_detached(content, signer=pki.service(), at=NOW)
    )
    anchors = b"".join(one.public_bytes(Encoding.PEM) for one in pki.trust.anchors)
    (tmp_path / "roots.pem").write_bytes(anchors)
    command = [
        "openssl", "cms", "-verify", "-cades", "-binary", "-inform", "DER", "-in", "packet.p7s",
        "-content", "packet.xml", "-CAfile", "roots.pem", "-purpose", "any", "-out", "out",
        "-attime", str(int(NOW.timestamp())),
    ]  # fmt: skip

    told = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)

    assert told.returncode == 0, told.stderr
    assert (tmp_path / "out").read_bytes() == content


@pytest.mark.skipif(shutil.which("pdfsig") is None, reason="needs pdfsig")
@pytest.mark.parametrize("attack", ["incremental saving", "shadow"])
def test_we_are_stricter_than_a_reader_that_looks_at_the_signature_alone(
    attack: str, tmp_path: Path
) -> None:
    """pdfsig says "Signature is Valid" of these files; it is no oracle (SG 13)."""
    signed = forger.both(forger.document())
    false = {forger.CONTENT: forger.stream(forger.FALSE)}
    data = {
        "incremental saving": lambda: forger.write(signed, false),
        "shadow": lambda: forger.sign(
            forger.write(forger.sign(forger.document()), false), field=forger.AGENCY
        ),
    }[attack]()
    file = tmp_path / "attack.pdf"
    file.write_bytes(data)

    told = subprocess.run(
        ["pdfsig", "-nocert", file], capture_output=True, text=True, check=False
    ).stdout

    assert "Signature is Valid" in told
    judge.refused(data)
