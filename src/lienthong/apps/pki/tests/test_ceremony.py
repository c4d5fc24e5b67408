"""The national authorities, the keys of a node, and its trust."""

from __future__ import annotations

import stat
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from pytest_django import Settings

from lienthong.apps.accounts import api as accounts
from lienthong.apps.directory import api as directory
from lienthong.apps.pki import api as pki
from lienthong.apps.pki import ceremony
from lienthong.core import signing
from lienthong.core.signing.authority import make_ec_key
from lienthong.core.tests.pki_fixture import NOW

pytestmark = pytest.mark.django_db
PIN = "482913"


@pytest.fixture
def country(tmp_path: Path, settings: Settings) -> Path:
    """A directory with the authorities (P-256, to be quick), and a node that trusts them."""
    settings.DATA_DIR = tmp_path / "node"
    made = tmp_path / "pki"
    ceremony.make_national_pki(made, at=NOW, root_key=make_ec_key, sub_key=make_ec_key)
    pki.make_log_key(made)
    pki.install_trust(made / "trust")
    return made


@pytest.fixture
def ministry() -> directory.Organization:
    return directory.register(
        name="Bộ Thử nghiệm", codes={directory.Scheme.QD20: "G09"}, place="Hà Nội"
    )


def officer() -> accounts.Person:
    return accounts.Person.objects.create(username="khai", full_name="Nguyễn Thị Minh Khai")


def test_an_officer_signs_with_the_pin_and_not_with_another(
    country: Path, ministry: directory.Organization
) -> None:
    person = officer()
    pki.issue_person(
        country,
        person_id=person.pk,
        organization_id=ministry.pk,
        position="Bộ trưởng",
        pin=PIN,
        at=NOW,
    )

    signer = pki.person_signer(person.pk, PIN)

    assert signing.common_name(signer.certificate) == "Nguyễn Thị Minh Khai"
    assert len(signer.sign_digest(b"\x01" * 32)) == 384
    with pytest.raises(signing.KeyPasswordWrong):
        pki.person_signer(person.pk, "000000")


def test_keys_are_readable_by_this_account_only(
    country: Path, ministry: directory.Organization, settings: Settings
) -> None:
    pki.issue_service(country, organization_id=ministry.pk, at=NOW)
    pki.issue_node(country, at=NOW)

    secret = [*settings.DATA_DIR.glob("keys/**/*.*"), *country.glob("ca/*/key.pem")]

    assert len(secret) >= 10
    assert {stat.S_IMODE(path.stat().st_mode) for path in secret} == {0o600}


def test_a_machine_key_is_decoded_once(country: Path, ministry: directory.Organization) -> None:
    pki.issue_service(country, organization_id=ministry.pk, at=NOW)

    first, again = pki.service_signer(ministry.pk), pki.service_signer(ministry.pk)

    assert first is again


def test_a_new_key_takes_the_place_of_the_last(
    country: Path, ministry: directory.Organization
) -> None:
    pki.issue_service(country, organization_id=ministry.pk, at=NOW)
    before = pki.service_signer(ministry.pk)

    pki.issue_service(country, organization_id=ministry.pk, at=NOW)

    assert pki.service_signer(ministry.pk).certificate != before.certificate
    assert pki.Certificate.objects.count() == 2


def test_a_holder_without_a_key_is_told_so(country: Path) -> None:
    with pytest.raises(pki.KeyMissing):
        pki.seal_signer(7, PIN)
    with pytest.raises(pki.KeyMissing):
        pki.hub_receipt_signer()


def test_a_revoked_key_signs_no_packet_that_is_believed(
    country: Path, ministry: directory.Organization
) -> None:
    certificate = pki.issue_service(country, organization_id=ministry.pk, at=NOW)
    signer = pki.service_signer(ministry.pk)
    later = NOW + timedelta(hours=2)

    pki.revoke(country, certificate, at=NOW + timedelta(hours=1))
    assert pki.take_bundle(signing.Trust.from_directory(country / "trust").bundle())

    signature = signing.sign_detached(b"packet", signer=signer, at=later)
    report = signing.verify_detached(b"packet", signature, trust=pki.trust(), at=later)
    assert report.indication is signing.Indication.FAILED
    assert report.sub_indication == "REVOKED"
    with pytest.raises(pki.KeyMissing):
        pki.service_signer(ministry.pk)


def test_crls_are_issued_again_after_half_of_their_life(country: Path) -> None:
    pki.keep_authority(country)
    before = pki.trust()

    assert not pki.renew_crls(at=NOW + timedelta(hours=5))
    assert pki.trust() is before
    assert pki.renew_crls(at=NOW + timedelta(hours=30))
    assert pki.trust().epoch != before.epoch


def test_an_agency_keeps_no_authorities_and_renews_nothing(country: Path) -> None:
    assert not pki.renew_crls(at=NOW + timedelta(days=30))


def test_a_bundle_with_other_roots_is_refused(country: Path, tmp_path: Path) -> None:
    ceremony.make_national_pki(
        tmp_path / "false", at=NOW, root_key=make_ec_key, sub_key=make_ec_key
    )
    false = signing.Trust.from_directory(tmp_path / "false" / "trust")
    before = pki.trust()

    with pytest.raises(signing.TrustInvalid):
        pki.take_bundle(false.bundle())

    assert pki.trust() is before


def test_an_older_list_does_not_replace_a_newer_one(country: Path) -> None:
    old = signing.Trust.from_directory(country / "trust").bundle()
    ceremony.refresh_crls(country, at=NOW + timedelta(hours=1), force=True)
    assert pki.take_bundle(signing.Trust.from_directory(country / "trust").bundle())
    newest = pki.trust()

    assert not pki.take_bundle(old)

    assert pki.trust().epoch == newest.epoch


def test_a_node_without_trust_says_so(tmp_path: Path, settings: Settings) -> None:
    settings.DATA_DIR = tmp_path / "empty"

    with pytest.raises(pki.TrustMissing):
        pki.trust()


def test_a_bundle_that_is_no_archive_is_refused(country: Path) -> None:
    with pytest.raises(signing.TrustInvalid):
        pki.take_bundle(b"not a zip")


def test_a_certificate_is_registered_once(country: Path) -> None:
    anchor: x509.Certificate = pki.trust().anchors[0]

    first = pki.register_certificate(pki.KeyKind.NODE, anchor)
    again = pki.register_certificate(pki.KeyKind.NODE, anchor)

    assert first.pk == again.pk
