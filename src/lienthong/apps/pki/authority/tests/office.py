"""An authority's office for tests: two officers, a ministry with its registrar, a mandate."""

from __future__ import annotations

import base64
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from lienthong.apps.accounts import api as accounts
from lienthong.apps.accounts.api import Actor, Role
from lienthong.apps.directory import api as directory_api
from lienthong.apps.pki import api as pki
from lienthong.apps.pki import ceremony, trusted
from lienthong.apps.pki.authority import mandates, registration, registry
from lienthong.apps.pki.authority.models import IssuedCertificate, Mandate
from lienthong.apps.pki.authority.registration import Answer, Caller
from lienthong.apps.pki.contract import AT_AUTHORITY, REGISTRATION_TYPE, SubjectKind
from lienthong.core import signing
from lienthong.core.signing.authority import (
    Profile,
    Subject,
    make_certificate_request,
    make_ec_key,
)

START = datetime(2026, 11, 20, 1, 0, tzinfo=UTC)  # a Friday morning in Viet Nam
NOW = START + timedelta(hours=2)
CODE, CHILD, ELSEWHERE = "G09", "G09.01", "H05"


@dataclass
class Office:
    """Everything a registration needs; `send` hands one over as the ministry's node would."""

    folder: Path
    officers: tuple[Actor, Actor]
    officer_keys: tuple[signing.KeySigner, signing.KeySigner]
    registrar: signing.KeySigner
    mandate: Mandate
    at: datetime = NOW
    node: Caller = field(default_factory=lambda: Caller("bo", frozenset({CODE, CHILD})))
    key: ec.EllipticCurvePrivateKey = field(default_factory=make_ec_key)

    def subject(self, **changes: str) -> Subject:
        facts: dict[str, Any] = {
            "common_name": "Phạm Thị Thử",
            "organization": "Cục Thử nghiệm",
            "organization_code": CHILD,
            "title": "Cục trưởng",
            "serial": f"CB:VN-{CHILD}-77",
            "place": "Hà Nội",
        }
        return Subject(**{**facts, **changes})

    def payload(self, kind: str = "new", **changes: Any) -> dict[str, Any]:
        """A sound request; `subject` and `csr` fit each other unless changed."""
        subject = changes.pop("named", None) or self.subject()
        issuing = kind in {"new", "renew", "change"}
        facts: dict[str, Any] = {
            "version": 1,
            "id": str(uuid.uuid4()),
            "kind": kind,
            "profile": "person",
            "agency": subject.organization_code,
            "subject": {
                name: getattr(subject, name)
                for name in (
                    "common_name", "organization", "organization_code", "unit", "title",
                    "serial", "place",
                )
            },
            "csr": _b64(make_certificate_request(self.key, subject)) if issuing else "",
            "certificate": "",
            "reason": "Bổ nhiệm",
            "invalidity_at": None,
            "entered_by": f"{CODE}-5",
            "approved_by": f"{CODE}-6",
            "file_valid_at": (self.at - timedelta(hours=1)).isoformat(),
            "approved_at": (self.at - timedelta(minutes=1)).isoformat(),
            "evidence": [],
            "mandate": str(self.mandate.pk),
        }  # fmt: skip
        return {**facts, **changes}

    def token(self, payload: dict[str, Any], signer: signing.KeySigner | None = None) -> str:
        signer = signer or self.registrar
        return signing.sign_jws(payload, key=signer, at=self.at, typ=REGISTRATION_TYPE)

    def hand_over(self, token: str, *, caller: Caller | None = None) -> Answer:
        return registration.receive(
            token,
            caller=caller or self.node,
            trust=trusted.trust(),
            at=self.at,
            directory=self.folder,
        )

    def send(self, payload: dict[str, Any] | None = None) -> Answer:
        return self.hand_over(self.token(payload or self.payload()))

    def issue(self, **changes: Any) -> IssuedCertificate:
        """The row of a certificate just issued."""
        answer = self.send(self.payload(**changes))
        return IssuedCertificate.objects.get(sha256=sha256_of(certificate_in(answer)))

    def about(self, row: IssuedCertificate, kind: str, **changes: Any) -> dict[str, Any]:
        """A request about a certificate."""
        return self.payload(kind, certificate=row.sha256, **changes)


def make_office(folder: Path) -> Office:
    """Authorities with P-256 keys in `folder`, and the people around them. DATA_DIR is set."""
    ceremony.make_national_pki(
        folder, at=START, root_key=make_ec_key, sub_key=make_ec_key, second_key=make_ec_key
    )
    pki.make_log_key(folder)
    pki.install_trust(folder / "trust")
    pki.keep_authority(folder)
    registry.forget()
    ministry = directory_api.register(name="Bộ Thử nghiệm", codes={"QD20": CODE}, place="Hà Nội")
    directory_api.register(name="Cục Thử nghiệm", codes={"QD20": CHILD}, parent=ministry)
    directory_api.register(name="Tỉnh Khác", codes={"QD20": ELSEWHERE})
    axis = directory_api.register(name="Trung tâm chứng thực", codes={"QD20": "G98"})
    officers = _officer(axis, 1), _officer(axis, 2)
    keys = (
        person_key(folder, "Cán bộ 1", "G98", "G98-1"),
        person_key(folder, "Cán bộ 2", "G98", "G98-2"),
    )
    registrar = person_key(folder, "Lê Văn Đăng", CODE, f"{CODE}-6")
    registry.sync(folder, at=START)
    mandate = make_mandate(officers, keys[1], registrar)
    return Office(folder, officers, keys, registrar, mandate)


def make_mandate(
    officers: tuple[Actor, ...],
    second: signing.KeySigner,
    registrar: signing.KeySigner,
    **changes: Any,
) -> Mandate:
    """A mandate proposed by the first officer and signed by the second."""
    facts: dict[str, Any] = {
        "agency_code": CODE,
        "root_code": CODE,
        "subjects": tuple(SubjectKind),
        "kinds": AT_AUTHORITY,
        "officers": (mandates.officer_of(sha256_of(registrar.certificate)),),
        "per_day": 50,
        "lifetime_days": 5 * 365,
        "valid_from": START,
        "valid_to": START + timedelta(days=365),
    }
    proposed = mandates.propose(officers[0], mandates.Terms(**{**facts, **changes}), at=START)
    return mandates.approve(officers[1], proposed, second, at=START + timedelta(minutes=1))


def _officer(axis: directory_api.Organization, number: int) -> Actor:
    person = accounts.Person.objects.create(username=f"cb{number}", full_name=f"Cán bộ {number}")
    seat = accounts.Seat.objects.create(
        person=person,
        organization=axis,
        role=Role.CERTIFICATE_OFFICER,
        position="Cán bộ",
        valid_from=START.date(),
    )
    return accounts.actor_in(seat)


def person_key(
    folder: Path, name: str, code: str, officer: str, *, at: datetime | None = None
) -> signing.KeySigner:
    """A person's key, certified by the authority directly; `registry.sync` makes its row."""
    key = make_ec_key()
    subject = Subject(name, organization_code=code, serial=f"CB:VN-{officer}")
    certificate, chain = ceremony.issue(
        folder, ceremony.PEOPLE, Profile.PERSON, subject, key.public_key(), at=at or START
    )
    return signing.KeySigner(key, certificate, chain)


def sha256_of(certificate: x509.Certificate) -> str:
    from cryptography.hazmat.primitives import hashes  # noqa: PLC0415

    return certificate.fingerprint(hashes.SHA256()).hex()


def certificate_in(answer: Answer) -> x509.Certificate:
    """The certificate that an answer brings."""
    return x509.load_der_x509_certificate(base64.b64decode(answer.body["certificate"]))


def _b64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")
