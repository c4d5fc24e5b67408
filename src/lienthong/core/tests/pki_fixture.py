"""A small national PKI for tests, made once for each process: real keys and certificates, quickly.

`test_pki()` gives it; its clock is NOW unless a test wants another.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from lienthong.core.signing import KeySigner, Trust
from lienthong.core.signing.authority import (
    GOVERNMENT_POLICIES,
    PUBLIC_POLICIES,
    Authority,
    Profile,
    Subject,
    make_ec_key,
    make_key,
)
from lienthong.core.signing.keys import PrivateKey

START = datetime(2026, 11, 1, tzinfo=UTC)
NOW = datetime(2026, 11, 21, 2, 30, tzinfo=UTC)
AGENCY_CODE = "G09"
OTHER_CODE = "H05"
PERSON_NAME = "Nguyễn Thị Minh Khai"
AGENCY_NAME = "Bộ Thử nghiệm"


@dataclass
class NationalPKI:
    """Two roots with cross-certificates, three sub-authorities, and a way to get signers."""

    government: Authority
    national: Authority
    people: Authority
    services: Authority
    public: Authority
    trust: Trust
    log_key: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)
    _kept: dict[tuple[str, ...], KeySigner] = field(default_factory=dict)

    def person(
        self, name: str = PERSON_NAME, code: str = AGENCY_CODE, *, key: PrivateKey | None = None
    ) -> KeySigner:
        """An officer's signer; the same one for the same arguments."""
        subject = Subject(
            name,
            organization=AGENCY_NAME,
            organization_code=code,
            title="Bộ trưởng",
            serial=f"CB:VN-{code}-1",
            place="Hà Nội",
        )
        return self._signer(self.people, Profile.PERSON, subject, key)

    def agency(
        self, name: str = AGENCY_NAME, code: str = AGENCY_CODE, *, key: PrivateKey | None = None
    ) -> KeySigner:
        """An agency's seal signer."""
        subject = Subject(name, organization_code=code, place="Hà Nội")
        return self._signer(self.people, Profile.AGENCY, subject, key)

    def service(self, code: str = AGENCY_CODE) -> KeySigner:
        """An agency's packet signer."""
        subject = Subject(f"service-{code}", organization=AGENCY_NAME, organization_code=code)
        return self._signer(self.services, Profile.SERVICE, subject, None)

    def node(self, name: str = "test-node") -> KeySigner:
        """A node's request signer."""
        return self._signer(self.services, Profile.NODE, Subject(name), None)

    def receipt(self, name: str = "test-hub") -> KeySigner:
        """The axis' receipt signer."""
        return self._signer(self.services, Profile.RECEIPT, Subject(name), None)

    def issue(
        self,
        authority: Authority,
        profile: Profile,
        subject: Subject,
        *,
        key: PrivateKey | None = None,
        at: datetime = START,
        lifetime: timedelta | None = None,
    ) -> KeySigner:
        """A fresh signer, for tests that revoke it or want something unusual."""
        key = key or make_ec_key()
        certificate = authority.issue(profile, subject, key.public_key(), at=at, lifetime=lifetime)
        return KeySigner(key, certificate, authority.chain)

    def trust_at(self, at: datetime, *, lifetime: timedelta = timedelta(days=2)) -> Trust:
        """The trust with CRLs issued at `at`, revocations included."""
        return Trust(
            self.trust.anchors,
            self.trust.intermediates,
            tuple(one.crl(at=at, lifetime=lifetime) for one in self.authorities),
            self.trust.keys,
        )

    @property
    def authorities(self) -> tuple[Authority, ...]:
        return (self.government, self.national, self.people, self.services, self.public)

    def _signer(
        self, authority: Authority, profile: Profile, subject: Subject, key: PrivateKey | None
    ) -> KeySigner:
        if key is not None:
            return self.issue(authority, profile, subject, key=key)
        wanted = (profile.value, subject.common_name, subject.organization_code)
        if wanted not in self._kept:
            self._kept[wanted] = self.issue(authority, profile, subject)
        return self._kept[wanted]


def make_pki(key: PrivateKey | None = None) -> NationalPKI:
    """A new PKI of its own, for tests that revoke or change authorities; P-256."""
    keys = [key or make_ec_key(), *(make_ec_key() for _ in range(4))]
    government = Authority.root("Gốc công vụ (thử)", key=keys[0], at=START)
    national = Authority.root("Gốc quốc gia (thử)", key=keys[1], at=START, years=25)
    people = government.sub_authority("CA công vụ A (thử)", key=keys[2], at=START)
    services = government.sub_authority("CA công vụ B (thử)", key=keys[3], at=START)
    public = national.sub_authority(
        "CA công cộng (thử)", key=keys[4], at=START, policies=PUBLIC_POLICIES
    )
    to_government = national.cross_certify(
        government.certificate, at=START, policies=GOVERNMENT_POLICIES
    )
    to_national = government.cross_certify(national.certificate, at=START, policies=PUBLIC_POLICIES)
    log_key = Ed25519PrivateKey.generate()
    subs = (people.certificate, services.certificate, public.certificate)
    trust = Trust(
        (government.certificate, national.certificate),
        (*subs, to_government, to_national),
        tuple(
            one.crl(at=START, lifetime=timedelta(days=3650))
            for one in (government, national, people, services, public)
        ),
        {"log": log_key.public_key()},
    )
    return NationalPKI(government, national, people, services, public, trust, log_key)


@cache
def test_pki() -> NationalPKI:
    """The PKI of this process. Do not revoke in it: use make_pki for that."""
    return make_pki()


@cache
def rsa_keys() -> tuple[PrivateKey, PrivateKey]:
    """Two RSA-3072 keys, made once, for tests of what officials really use."""
    return make_key(3072), make_key(3072)


test_pki.__test__ = False  # type: ignore[attr-defined]
