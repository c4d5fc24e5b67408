"""What the benches of signatures sign and verify: a small PKI of real keys, ordinary PDFs.

Made afresh in memory for each run; no key of it is kept.
"""

from __future__ import annotations

import io
import os
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import TypedDict

import pikepdf
from asn1crypto import crl as asn1_crl
from asn1crypto import keys as asn1_keys
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign import fields, signers
from pyhanko.sign.validation import async_validate_pdf_signature
from pyhanko_certvalidator.context import ValidationContext
from pyhanko_certvalidator.registry import SimpleCertificateStore

from lienthong.core import signing
from lienthong.core.signing.authority import Authority, Profile, Subject, make_ec_key, make_key
from lienthong.core.signing.keys import PrivateKey
from lienthong.core.signing.reference_path import run_at_once

PAGES = 4
SMALL_BYTES = 155_000  # of the picture: the signed file has some 170 KB
LARGE_BYTES = 5_000_000
REVOKED = 100
AGENCY_CODE = "G99"
AGENCY_NAME = "Bộ Đo lường (thử tải)"
PERSON_NAME = "Nguyễn Văn Đo"


class Texts(TypedDict):
    """What a signature says besides who and when."""

    name: str
    reason: str
    location: str


@dataclass(frozen=True)
class Material:
    """The keys of one bench; `at` is the time of every signature and every check."""

    at: datetime
    trust: signing.Trust
    authority: Authority
    services: Authority
    person: signing.KeySigner
    person_ec: signing.KeySigner
    agency: signing.KeySigner
    service: signing.KeySigner
    person_key: PrivateKey
    person_ec_key: PrivateKey

    @classmethod
    def make(cls) -> Material:
        """RSA-3072 for people and agencies under RSA-3072 authorities, P-256 for packets."""
        now = datetime.now(UTC).replace(microsecond=0)
        start = now - timedelta(days=30)
        root = Authority.root("Gốc đo hiệu năng", key=make_key(3072), at=start)
        people = root.sub_authority("CA đo hiệu năng A", key=make_key(3072), at=start)
        services = root.sub_authority("CA đo hiệu năng B", key=make_ec_key(), at=start)
        for number in range(REVOKED):
            people.revoked[10**12 + number] = (start, x509.ReasonFlags.superseded)
        key, ec_key = make_key(3072), make_ec_key()

        def issue(
            by: Authority, profile: Profile, subject: Subject, own: PrivateKey
        ) -> signing.KeySigner:
            certificate = by.issue(profile, subject, own.public_key(), at=start)
            return signing.KeySigner(own, certificate, by.chain)

        person = Subject(
            PERSON_NAME,
            organization=AGENCY_NAME,
            organization_code=AGENCY_CODE,
            title="Thứ trưởng",
            serial=f"CB:VN-{AGENCY_CODE}-1",
        )
        agency = Subject(AGENCY_NAME, organization_code=AGENCY_CODE)
        service = Subject("service-G99", organization=AGENCY_NAME, organization_code=AGENCY_CODE)
        authorities = (root, people, services)
        trust = signing.Trust(
            (root.certificate,),
            (people.certificate, services.certificate),
            tuple(one.crl(at=now - timedelta(hours=1)) for one in authorities),
        )
        return cls(
            at=now,
            trust=trust,
            authority=people,
            services=services,
            person=issue(people, Profile.PERSON, person, key),
            person_ec=issue(people, Profile.PERSON, person, ec_key),
            agency=issue(people, Profile.AGENCY, agency, make_key(3072)),
            service=issue(services, Profile.SERVICE, service, make_ec_key()),
            person_key=key,
            person_ec_key=ec_key,
        )

    @property
    def texts(self) -> Texts:
        return {"name": PERSON_NAME, "reason": "Đo hiệu năng", "location": "Hà Nội"}

    @cached_property
    def pyhanko_certificates(self) -> list[asn1_x509.Certificate]:
        return [_asn1(one) for one in self.trust.intermediates]

    def sign(self, data: bytes, field: str, signer: signing.DigestSigner) -> bytes:
        """Our signature, B-B, without a picture."""
        return signing.sign_pdf(data, field=field, signer=signer, at=self.at, **self.texts)

    def pyhanko_signer(self, signer: signing.KeySigner, key: PrivateKey) -> signers.SimpleSigner:
        """The same key in pyHanko's own signer, as its documentation loads it."""
        pkcs8 = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
        store = SimpleCertificateStore()  # type: ignore[no-untyped-call]
        for one in signer.chain:
            store.register(_asn1(one))
        return signers.SimpleSigner(
            signing_cert=_asn1(signer.certificate),
            signing_key=asn1_keys.PrivateKeyInfo.load(pkcs8),
            cert_registry=store,
        )

    def sign_by_pyhanko(self, data: bytes, signer: signers.SimpleSigner) -> bytes:
        """PAdES B-B by pyHanko as shipped."""
        metadata = signers.PdfSignatureMetadata(
            field_name="Signature1", subfilter=fields.SigSeedSubFilter.PADES, md_algorithm="sha256"
        )
        out = io.BytesIO()
        signers.sign_pdf(IncrementalPdfFileWriter(io.BytesIO(data)), metadata, signer, output=out)
        return out.getvalue()

    def verify_by_pyhanko(self, data: bytes) -> None:
        """pyHanko as shipped: its default settings, revocation from the given lists, no network."""
        context = ValidationContext(
            trust_roots=[_asn1(one) for one in self.trust.anchors],
            other_certs=list(self.pyhanko_certificates),
            crls=[
                asn1_crl.CertificateList.load(one.public_bytes(Encoding.DER))
                for one in self.trust.crls
            ],
            moment=self.at,
            allow_fetching=False,
            revocation_mode="require",
            retroactive_revinfo=True,
        )
        reader = PdfFileReader(io.BytesIO(data))
        for signature in reader.embedded_regular_signatures:
            status = run_at_once(
                async_validate_pdf_signature(signature, signer_validation_context=context)
            )
            if not status.bottom_line:
                raise RuntimeError("pyHanko does not accept a document of the bench")


def ordinary_pdf(size: int) -> bytes:
    """A PDF of a few pages with text and a picture, with a table or streams as its writer likes."""
    pdf = pikepdf.new()
    font = pdf.make_indirect(
        pikepdf.Dictionary(
            Type=pikepdf.Name.Font, Subtype=pikepdf.Name.Type1, BaseFont=pikepdf.Name.Helvetica
        )
    )
    side = round((size / 3) ** 0.5)
    picture = pdf.make_stream(
        os.urandom(side * side * 3),
        Type=pikepdf.Name.XObject,
        Subtype=pikepdf.Name.Image,
        Width=side,
        Height=side,
        ColorSpace=pikepdf.Name.DeviceRGB,
        BitsPerComponent=8,
    )
    for number in range(PAGES):
        page = pdf.add_blank_page(page_size=(595, 842))
        page.obj["/Resources"] = pikepdf.Dictionary(
            Font=pikepdf.Dictionary(F1=font), XObject=pikepdf.Dictionary(Im0=picture)
        )
        line = f"BT /F1 12 Tf 72 {{}} Td (Trang {number + 1}) Tj ET\n"
        page.obj["/Contents"] = pdf.make_stream(
            "".join(line.format(800 - 14 * row) for row in range(50)).encode()
        )
    out = io.BytesIO()
    pdf.save(out, min_version="1.7", object_stream_mode=pikepdf.ObjectStreamMode.disable)
    return out.getvalue()


def prepared_pdf(size: int) -> bytes:
    """The same with the two empty fields of an official document."""
    return signing.prepare_pdf(
        ordinary_pdf(size),
        person=signing.Box(-1, 330, 150, 460, 210),
        agency=signing.Box(-1, 250, 150, 350, 250),
    )


def _asn1(certificate: x509.Certificate) -> asn1_x509.Certificate:
    return asn1_x509.Certificate.load(certificate.public_bytes(Encoding.DER))


def openssl_speed(*names: str, seconds: int = 1) -> dict[str, dict[str, float]]:
    """`openssl speed` for some algorithms: signatures and verifications a second, or bytes.

    Empty without the program. These stand beside the limits, which are measured in this process
    with the library's own OpenSSL: the command's may be older.
    """
    program = shutil.which("openssl")
    if program is None:
        return {}
    command = [program, "speed", "-mr", "-seconds", str(seconds), *names]
    told = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    return _speeds(told.splitlines())


def _speeds(lines: Sequence[str]) -> dict[str, dict[str, float]]:
    """+F2:n:bits:sign:verify is RSA, +F4 the same for ECDSA; both in operations a second."""
    found: dict[str, dict[str, float]] = {}
    for line in lines:
        kind, _, rest = line.partition(":")
        parts = rest.split(":")
        if kind in {"+F2", "+F4"} and len(parts) == 4:
            name = f"{'rsa' if kind == '+F2' else 'ecdsa_p'}{parts[1]}"
            found[name] = {
                "sign_per_second": round(float(parts[2]), 1),
                "verify_per_second": round(float(parts[3]), 1),
            }
    return found
