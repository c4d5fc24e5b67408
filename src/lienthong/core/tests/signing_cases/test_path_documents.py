"""Whose certificate signed: the answer about a whole document (SG 8, R35 to R48, R63)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from lienthong.core import signing
from lienthong.core.signing import KeySigner, Trust, ocsp
from lienthong.core.signing.authority import Authority, Profile, Subject, make_ec_key
from lienthong.core.signing.trust import CA_SERVICE, ServiceStatus, TrustedService, crl_number
from lienthong.core.tests import signing_samples as samples
from lienthong.core.tests.pki_fixture import NOW, START, NationalPKI, make_pki
from lienthong.core.tests.signing_cases import forger, judge
from lienthong.core.tests.signing_cases.rules import rule

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
OFFICER = Subject("Nguyễn Thị Minh Khai", organization_code="G09", title="Bộ trưởng")
STRANGE = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.3.6.1.4.1.32473.99"), b"\x05\x00")


@pytest.fixture
def pki() -> NationalPKI:
    return make_pki()


def signed(signer: KeySigner) -> bytes:
    return forger.sign(forger.document(), signer=signer)


def refused(data: bytes, trust: Trust, at: datetime = NOW) -> str:
    """The sub-indication of a document that no verifier calls valid."""
    report = judge.refused(data, trust=trust, at=at)
    judge.no_signature_passes(report)
    return report.signatures[0].sub_indication


def officer(pki: NationalPKI, *, lifetime: timedelta | None = None) -> KeySigner:
    return pki.issue(pki.people, Profile.PERSON, OFFICER, lifetime=lifetime)


def test_the_officer_is_otherwise_sound(pki: NationalPKI) -> None:
    judge.accepted(signed(officer(pki)), trust=pki.trust_at(NOW))


@rule("R35")
@pytest.mark.parametrize("days", [-60, 60])
def test_a_certificate_outside_its_period_is_refused(pki: NationalPKI, days: int) -> None:
    signer = officer(pki, lifetime=30 * DAY)
    at = NOW + days * DAY

    refused(signed(signer), pki.trust_at(at), at)


@rule("R36")
@pytest.mark.parametrize("reason", ["unspecified", "key_compromise", "superseded"])
def test_a_revoked_certificate_is_refused(pki: NationalPKI, reason: str) -> None:
    signer = officer(pki)
    pki.people.revoke(signer.certificate, at=NOW - HOUR, reason=x509.ReasonFlags[reason])

    assert refused(signed(signer), pki.trust_at(NOW)) == "REVOKED"


@rule("R37")
def test_a_certificate_of_a_revoked_authority_is_refused(pki: NationalPKI) -> None:
    pki.government.revoke(pki.people.certificate, at=NOW - HOUR)

    assert refused(signed(officer(pki)), pki.trust_at(NOW)) == "REVOKED_CA_NO_POE"


USE, KEY_USE = x509.ExtendedKeyUsage, x509.KeyUsage


def key_usage(**changes: bool) -> x509.KeyUsage:
    names = (
        "digital_signature", "content_commitment", "key_encipherment", "data_encipherment",
        "key_agreement", "key_cert_sign", "crl_sign", "encipher_only", "decipher_only",
    )  # fmt: skip
    usual = {name: name in {"digital_signature", "content_commitment"} for name in names}
    return x509.KeyUsage(**(usual | changes))


PURPOSES: dict[str, forger.Extensions] = {
    "no contentCommitment": {KEY_USE: (key_usage(content_commitment=False), True)},
    "no signature at all": {
        KEY_USE: (
            key_usage(digital_signature=False, content_commitment=False, key_agreement=True),
            True,
        )
    },
    "no key usage": {KEY_USE: None},
    "for servers": {USE: (USE([ExtendedKeyUsageOID.SERVER_AUTH]), False)},
    "for any use": {USE: (USE([ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE]), False)},
    "for time-stamps": {USE: (USE([ExtendedKeyUsageOID.TIME_STAMPING]), True)},
    "no extended use": {USE: None},
}


@rule("R38")
@pytest.mark.parametrize("name", PURPOSES)
def test_a_certificate_for_something_else_is_refused(pki: NationalPKI, name: str) -> None:
    bent = forger.bent_certificate(officer(pki), pki.people, PURPOSES[name])

    refused(signed(bent), pki.trust_at(NOW))


@rule("R38")
def test_a_person_certifies_nobody(pki: NationalPKI) -> None:
    """The classic: a good end certificate used as an authority."""
    person = officer(pki)
    false = Authority(person._key, person.certificate, (person.certificate, *person.chain))
    fake = pki.issue(Authority(person._key, pki.people.certificate), Profile.PERSON, OFFICER)
    bent = _issued_by(false, fake)
    crls = (*pki.trust_at(NOW).crls, false.crl(at=NOW))

    refused(signed(bent), replace(pki.trust_at(NOW), crls=crls))


@rule("R38")
def test_an_authority_that_may_have_none_below_has_none(pki: NationalPKI) -> None:
    """pathLen 0: an authority under a sub-authority is one too many."""
    key = make_ec_key()
    below = _authority_under(pki.people, key, x509.BasicConstraints(ca=True, path_length=0))
    bent = _issued_by(below, officer(pki))
    trust = pki.trust_at(NOW)

    refused(signed(bent), replace(trust, crls=(*trust.crls, below.crl(at=NOW))))


def _authority_under(
    authority: Authority, key: signing.keys.PrivateKey, constraints: x509.BasicConstraints
) -> Authority:
    """An authority issued without asking whether it may be."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "CA dưới nữa")])
    usage = key_usage(
        digital_signature=False, content_commitment=False, key_cert_sign=True, crl_sign=True
    )
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(authority.certificate.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(START)
        .not_valid_after(START + 365 * DAY)
        .add_extension(constraints, critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(authority.key, signing.keys.SHA256)
    )
    return Authority(key, certificate, (certificate, *authority.chain))


def _issued_by(authority: Authority, like: KeySigner) -> KeySigner:
    return forger.bent_certificate(like, authority, {x509.AuthorityKeyIdentifier: None})


@rule("R38")
def test_an_authority_without_its_flag_has_none_below(pki: NationalPKI) -> None:
    below = _authority_under(
        pki.government, make_ec_key(), x509.BasicConstraints(ca=False, path_length=None)
    )
    trust = pki.trust_at(NOW)
    with_list = replace(trust, crls=(*trust.crls, below.crl(at=NOW)))

    refused(signed(_issued_by(below, officer(pki))), with_list)


@rule("R39")
def test_an_unknown_critical_extension_is_refused(pki: NationalPKI) -> None:
    changes: forger.Extensions = {x509.UnrecognizedExtension: (STRANGE, True)}
    bent = forger.bent_certificate(officer(pki), pki.people, changes)

    refused(signed(bent), pki.trust_at(NOW))


def test_the_same_extension_that_is_not_critical_is_passed_over(pki: NationalPKI) -> None:
    changes: forger.Extensions = {x509.UnrecognizedExtension: (STRANGE, False)}
    bent = forger.bent_certificate(officer(pki), pki.people, changes)

    report = signing.verify_pdf(signed(bent), trust=pki.trust_at(NOW), at=NOW, second_opinion=False)
    assert report.verdict is signing.Verdict.VALID


@rule("R40")
@pytest.mark.parametrize("where", ["authority", "anchor"])
def test_a_name_that_the_authority_may_not_certify_is_refused(pki: NationalPKI, where: str) -> None:
    allowed = x509.DirectoryName(x509.Name([x509.NameAttribute(NameOID.COUNTRY_NAME, "LA")]))
    constraint = x509.NameConstraints(permitted_subtrees=[allowed], excluded_subtrees=None)
    changes: forger.Extensions = {x509.NameConstraints: (constraint, True)}
    person = officer(pki)
    trust = pki.trust_at(NOW)
    if where == "authority":
        ours = KeySigner(pki.people.key, pki.people.certificate)
        people = forger.bent_certificate(ours, pki.government, changes).certificate
        bent = KeySigner(person._key, person.certificate, (people,))
        rest = tuple(one for one in trust.intermediates if one != pki.people.certificate)
        trust = replace(trust, intermediates=(*rest, people))
    else:
        root = KeySigner(pki.government.key, pki.government.certificate)
        anchor = forger.bent_certificate(root, pki.government, changes).certificate
        bent = person
        trust = replace(trust, anchors=(anchor,))

    refused(signed(bent), trust)


@rule("R41")
@pytest.mark.parametrize("how", ["revoked", "expired", "for another key", "missing"])
def test_without_a_good_cross_certificate_there_is_no_way_across(
    pki: NationalPKI, how: str
) -> None:
    """The relying party trusts only the national root; the signer is under the government's."""
    trust = pki.trust_at(NOW)
    cross = next(
        one for one in trust.intermediates if one.subject == pki.government.certificate.subject
    )
    rest = tuple(one for one in trust.intermediates if one != cross)
    at = NOW
    if how == "revoked":
        pki.national.revoke(cross, at=NOW - HOUR)
        only = replace(pki.trust_at(NOW), anchors=(pki.national.certificate,))
    elif how == "expired":
        at = cross.not_valid_after_utc + DAY
        only = replace(pki.trust_at(at), anchors=(pki.national.certificate,))
    elif how == "for another key":
        other = Authority.root("Gốc công vụ (thử)", key=make_ec_key(), at=START)
        wrong = pki.national.cross_certify(
            other.certificate, at=START, policies=signing.authority.GOVERNMENT_POLICIES
        )
        only = replace(trust, anchors=(pki.national.certificate,), intermediates=(*rest, wrong))
    else:
        only = replace(trust, anchors=(pki.national.certificate,), intermediates=rest)

    report = judge.refused(signed(pki.person()), trust=only, at=at)

    judge.no_signature_passes(report)


@rule("R42")
def test_a_bag_of_look_alike_authorities_leads_nowhere(pki: NationalPKI) -> None:
    """Fifty certificates of one name that certify each other: bounded work, and no path."""
    name = "CA công vụ A (thử)"
    key = make_ec_key()
    bag = [Authority.root(name, key=key, at=START).certificate for _ in range(49)]
    signer = KeySigner(pki.person()._key, pki.person().certificate, bag)
    stranger = _issued_by(Authority(key, bag[0]), pki.person())

    for one in (KeySigner(stranger._key, stranger.certificate, bag), signer):
        report = signing.verify_detached(
            b"goi tin", forger.forge(one, b"goi tin"), trust=pki.trust_at(NOW), at=NOW
        )
        assert report.indication is not signing.Indication.PASSED


@rule("R43")
@pytest.mark.parametrize("kept", ["none", "only of the leaf", "only of the authority"])
def test_without_a_list_for_each_certificate_nothing_is_valid(pki: NationalPKI, kept: str) -> None:
    lists = {
        "none": (),
        "only of the leaf": (pki.people.crl(at=NOW),),
        "only of the authority": (pki.government.crl(at=NOW),),
    }[kept]
    trust = Trust(pki.trust.anchors, pki.trust.intermediates, lists)

    assert refused(signed(pki.person()), trust) == "TRY_LATER"


# OCSP


def ocsp_trust(pki: NationalPKI, *answers: bytes) -> Trust:
    """No list says anything about persons; only OCSP answers do."""
    trust = pki.trust_at(NOW)
    lists = tuple(one for one in trust.crls if one.issuer != pki.people.certificate.subject)
    return replace(trust, crls=lists, ocsps=answers)


def answer(
    pki: NationalPKI,
    about: x509.Certificate,
    *,
    by: KeySigner | None = None,
    issuer: Authority | None = None,
    known: bool = True,
    at: datetime = NOW,
    digest: str = "sha1",
) -> bytes:
    authority = issuer or pki.people
    signer = by or pki.issue(authority, Profile.OCSP, Subject("OCSP"))
    statuses = {about.serial_number: None} if known else {}
    responder = ocsp.Responder(authority.certificate, signer, statuses)
    question = ocsp.build_request(about, authority.certificate, digest=digest)
    return responder.answer(question, at)


@rule("A5")
@pytest.mark.parametrize("digest", ["sha1", "sha256"])
def test_an_answer_that_names_the_certificate_by_sha_1_is_accepted(
    pki: NationalPKI, digest: str
) -> None:
    signer = officer(pki)
    told = answer(pki, signer.certificate, digest=digest)

    report = signing.verify_pdf(
        signed(signer), trust=ocsp_trust(pki, told), at=NOW, second_opinion=False
    )

    assert report.verdict is signing.Verdict.VALID, report.findings


BAD_ANSWERS: dict[str, Callable[[NationalPKI, KeySigner], bytes]] = {
    "about another serial": lambda pki, one: answer(pki, officer(pki).certificate),
    "of another issuer": lambda pki, one: answer(pki, one.certificate, issuer=pki.services),
    "by a stranger": lambda pki, one: answer(
        pki,
        one.certificate,
        by=make_pki().issue(make_pki().people, Profile.OCSP, Subject("OCSP")),
    ),
    "by a person": lambda pki, one: answer(pki, one.certificate, by=officer(pki)),
    "by the signer": lambda pki, one: answer(pki, one.certificate, by=one),
    "by a responder of another authority": lambda pki, one: answer(
        pki, one.certificate, by=pki.issue(pki.services, Profile.OCSP, Subject("OCSP"))
    ),
    "unknown": lambda pki, one: answer(pki, one.certificate, known=False),
    "stale": lambda pki, one: answer(pki, one.certificate, at=NOW - 3 * HOUR),
    "changed": lambda pki, one: _flipped(answer(pki, one.certificate)),
    "an error": lambda pki, one: ocsp.TRY_LATER,
    "rubbish": lambda pki, one: b"0\x03\x02\x01\x00",
}


def _flipped(data: bytes) -> bytes:
    place = data.rindex(b"\x03\x49\x00") if b"\x03\x49\x00" in data else len(data) - 40
    return data[: place + 20] + bytes([data[place + 20] ^ 1]) + data[place + 21 :]


@rule("R44")
@pytest.mark.parametrize("name", BAD_ANSWERS)
def test_an_answer_that_proves_nothing_leaves_the_signature_unproved(
    pki: NationalPKI, name: str
) -> None:
    signer = officer(pki)
    trust = ocsp_trust(pki, BAD_ANSWERS[name](pki, signer))

    report = signing.verify_pdf(signed(signer), trust=trust, at=NOW, second_opinion=False)

    judge.no_signature_passes(report)


# Lists and anchors


@rule("R45")
@pytest.mark.parametrize("how", ["old", "of another key", "of another name", "going back"])
def test_a_list_that_cannot_be_relied_on_is_not_used(pki: NationalPKI, how: str) -> None:
    signer = officer(pki)
    rest = tuple(
        one for one in pki.trust_at(NOW).crls if one.issuer != pki.people.certificate.subject
    )
    lists: tuple[x509.CertificateRevocationList, ...]
    if how == "old":
        lists = (pki.people.crl(at=NOW - 5 * DAY),)
    elif how == "of another key":
        lists = (Authority(make_ec_key(), pki.people.certificate).crl(at=NOW),)
    elif how == "of another name":
        lists = (Authority(pki.people.key, pki.services.certificate).crl(at=NOW),)
    else:
        pki.people.revoke(signer.certificate, at=NOW - HOUR)
        newer = pki.people.crl(at=NOW - HOUR / 2)
        number = crl_number(newer) - 2
        older = Authority(pki.people.key, pki.people.certificate, crl_number=number)
        lists = (newer, older.crl(at=NOW))

    refused(signed(signer), replace(pki.trust_at(NOW), crls=(*rest, *lists)))


@rule("R46")
def test_an_anchor_taken_off_the_list_before_counts_no_more(pki: NationalPKI) -> None:
    trust = pki.trust_at(NOW)
    statuses = (ServiceStatus(START, True), ServiceStatus(NOW - DAY, False))
    services = tuple(
        TrustedService(one, CA_SERVICE, statuses)
        for one in (pki.government.certificate, pki.people.certificate)
    )

    refused(signed(officer(pki)), replace(trust, anchors=(), services=services))


@rule("R48")
def test_a_root_of_the_same_name_is_not_the_root(pki: NationalPKI) -> None:
    false = Authority.root("Gốc công vụ (thử)", key=make_ec_key(), at=START)
    people = false.sub_authority("CA công vụ A (thử)", key=make_ec_key(), at=START)
    signer = pki.issue(people, Profile.PERSON, OFFICER)
    chain = KeySigner(signer._key, signer.certificate, (*signer.chain, false.certificate))
    trust = pki.trust_at(NOW)
    with_lists = replace(trust, crls=(*trust.crls, people.crl(at=NOW), false.crl(at=NOW)))

    assert refused(signed(chain), with_lists)


# Signing


@rule("R63")
@pytest.mark.parametrize("days", [-30, 365 * 6])
def test_nobody_signs_with_a_certificate_outside_its_period(pki: NationalPKI, days: int) -> None:
    with pytest.raises(signing.SignerCertificateNotValid):
        signing.sign_pdf(
            samples.prepared(),
            field=signing.PERSON_FIELD,
            signer=pki.person(),
            name="",
            reason="",
            location="",
            at=NOW + days * DAY,
        )


@rule("R63")
def test_a_signature_with_a_certificate_on_hold_is_refused(pki: NationalPKI) -> None:
    signer = officer(pki)
    hold = x509.ReasonFlags.certificate_hold
    pki.people.revoke(signer.certificate, at=NOW - HOUR, reason=hold)

    assert refused(signed(signer), pki.trust_at(NOW)) == "REVOKED"
