"""Paths: bounds, kinds of evidence, dated services, and what is remembered (SG 3.5, 3.8, 7.2)."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding

from lienthong.core.signing import KeySigner, Trust, TrustInvalid, crl
from lienthong.core.signing import path as path_module
from lienthong.core.signing.authority import (
    GOVERNMENT_POLICIES,
    PUBLIC_POLICIES,
    Authority,
    Profile,
    Subject,
    make_ec_key,
)
from lienthong.core.signing.evidence import Evidence
from lienthong.core.signing.path import PathResult, Trouble, check_path, holds
from lienthong.core.signing.policy import check_key
from lienthong.core.signing.revocation import Revocations
from lienthong.core.signing.revoked import Revocation
from lienthong.core.signing.trust import CA_SERVICE, ServiceStatus, TrustedService
from lienthong.core.tests.pki_fixture import NOW, START, NationalPKI, make_pki
from lienthong.core.tests.signing_cases.rules import rule
from lienthong.core.tests.test_signing_ocsp import Office, responder_for

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture(scope="module")
def pki() -> NationalPKI:
    return make_pki()


@pytest.fixture(scope="module")
def trust(pki: NationalPKI) -> Trust:
    return pki.trust_at(NOW)


def service(certificate: x509.Certificate, *history: tuple[datetime, bool]) -> TrustedService:
    statuses = tuple(ServiceStatus(since, granted) for since, granted in history)
    return TrustedService(certificate, CA_SERVICE, statuses, "CA", "Nhà cung cấp")


def without(trust: Trust, *issuers: Authority) -> Trust:
    """The trust without the lists of these authorities."""
    names = [one.certificate.subject for one in issuers]
    return replace(trust, crls=tuple(one for one in trust.crls if one.issuer not in names))


# Ways ---------------------------------------------------------------------------------------------


def government_only(pki: NationalPKI) -> tuple[KeySigner, Trust]:
    """A public person's signer, and a relying party that trusts only the government root."""
    signer = pki.issue(pki.public, Profile.PUBLIC_PERSON, Subject("Lê Văn A"))
    trust = pki.trust_at(NOW)
    return signer, replace(trust, anchors=(pki.government.certificate,))


@rule("A8")
def test_a_public_certificate_passes_through_the_cross_certificate(pki: NationalPKI) -> None:  # A8
    signer, trust = government_only(pki)

    found = check_path(signer.certificate, trust=trust, at=NOW)

    assert (found.trouble, found.way) == (None, "chéo")
    assert found.certificates[-1] == pki.government.certificate
    assert [one.status for one in found.statuses] == ["good"] * 3
    assert "qua chứng thư chéo" in found.path_text


@rule("R41")
def test_a_revoked_cross_certificate_leads_nowhere() -> None:  # R41, SG-X-02
    pki = make_pki()
    signer, _ = government_only(pki)
    cross = next(
        one for one in pki.trust.intermediates if one.subject == pki.national.certificate.subject
    )
    pki.government.revoke(cross, at=NOW - HOUR)
    _, trust = government_only(pki)

    found = check_path(signer.certificate, trust=trust, at=NOW)

    assert found.trouble is Trouble.REVOKED_CA
    assert "Gốc quốc gia" in found.trouble_text
    assert check_path(signer.certificate, trust=trust, at=NOW - 2 * HOUR).trouble is None


@rule("R41")
def test_a_cross_certificate_for_another_key_leads_nowhere(pki: NationalPKI) -> None:  # R41
    signer, trust = government_only(pki)
    false = Authority.root("Gốc quốc gia (thử)", key=make_ec_key(), at=START)
    cross = pki.government.cross_certify(false.certificate, at=START, policies=PUBLIC_POLICIES)
    subs = (pki.people.certificate, pki.services.certificate, pki.public.certificate)

    found = check_path(
        signer.certificate, trust=replace(trust, intermediates=(*subs, cross)), at=NOW
    )

    assert found.trouble is Trouble.NO_PATH


def test_both_roots_give_the_direct_way(pki: NationalPKI, trust: Trust) -> None:
    signer = pki.issue(pki.public, Profile.PUBLIC_PERSON, Subject("Lê Văn A"))

    assert check_path(signer.certificate, trust=trust, at=NOW).way == "trực tiếp"


def test_the_other_way_is_taken_when_one_is_closed() -> None:
    """The national root is out of the list, the cross-certificate still stands."""
    pki = make_pki()
    signer = pki.issue(pki.public, Profile.PUBLIC_PERSON, Subject("Lê Văn A"))
    trust = without(pki.trust_at(NOW), pki.national)
    crosses = [
        one for one in trust.intermediates if one.subject == pki.national.certificate.subject
    ]
    assert crosses

    # Without the national root's lists neither way has a status for the public CA.
    assert check_path(signer.certificate, trust=trust, at=NOW).trouble is Trouble.NO_STATUS


# Evidence -----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def person(pki: NationalPKI) -> KeySigner:
    return pki.person()


def office(pki: NationalPKI, person: KeySigner, revocation: Revocation | None = None) -> Office:
    serial = person.certificate.serial_number
    return Office(pki.people, person.certificate, responder_for(pki.people), {serial: revocation})


def test_an_ocsp_answer_is_as_good_as_a_list(
    pki: NationalPKI, trust: Trust, person: KeySigner
) -> None:
    poor = without(trust, pki.people)
    answer = office(pki, person).ask()

    assert check_path(person.certificate, trust=poor, at=NOW).trouble is Trouble.NO_STATUS
    for found in (
        check_path(person.certificate, trust=poor, at=NOW, evidence=Evidence(ocsps=(answer,))),
        check_path(person.certificate, trust=poor.with_ocsps([answer]), at=NOW),
    ):
        assert found.trouble is None
        assert [one.source for one in found.statuses] == ["ocsp", "crl"]
        assert "OCSP" in found.revocation_text


def test_ocsp_and_list_disagree_and_the_worse_counts(
    pki: NationalPKI, trust: Trust, person: KeySigner
) -> None:
    revoked = office(pki, person, Revocation(NOW - HOUR)).ask()
    good = office(pki, person).ask()
    authority = pki.people
    entry = crl.entry_der(person.certificate.serial_number, Revocation(NOW - HOUR))
    listed = x509.load_der_x509_crl(
        crl.build(
            KeySigner(authority.key, authority.certificate),
            [entry],
            number=1000,
            this_update=NOW,
            next_update=NOW + DAY,
        )
    )

    for evidence in (Evidence(ocsps=(revoked,)), Evidence(crls=(listed,), ocsps=(good,))):
        found = check_path(person.certificate, trust=trust, at=NOW, evidence=evidence)

        assert found.trouble is Trouble.REVOKED


@rule("R44")
def test_unknown_is_never_good_whatever_the_list_says(
    pki: NationalPKI, trust: Trust, person: KeySigner
) -> None:
    strange = office(pki, person)
    strange.statuses.clear()
    evidence = Evidence(ocsps=(strange.ask(),))

    found = check_path(person.certificate, trust=trust, at=NOW, evidence=evidence)

    assert found.trouble is Trouble.NO_STATUS
    assert "không biết chứng thư" in found.trouble_text


def test_a_responder_without_no_check_needs_a_list_of_its_own(
    pki: NationalPKI, trust: Trust, person: KeySigner
) -> None:
    own = office(pki, person)
    signer = responder_for(pki.people, no_check=False)
    evidence = Evidence(ocsps=(own.ask(signer=signer),))

    with_list = check_path(person.certificate, trust=trust, at=NOW, evidence=evidence)
    alone = check_path(
        person.certificate, trust=without(trust, pki.people), at=NOW, evidence=evidence
    )

    assert with_list.statuses[0].source in {"ocsp", "crl"}
    assert with_list.trouble is None
    assert alone.trouble is Trouble.NO_STATUS


def test_what_the_evidence_made_good_is_not_good_without_it(
    pki: NationalPKI, trust: Trust, person: KeySigner
) -> None:
    """SG-V-11: the same question, the same answer, whatever was asked before."""
    poor = without(trust, pki.people)
    evidence = Evidence(ocsps=(office(pki, person).ask(),))
    fingerprint = person.certificate.fingerprint(hashes.SHA256())

    assert check_path(person.certificate, trust=poor, at=NOW, evidence=evidence).trouble is None
    assert check_path(person.certificate, trust=poor, at=NOW).trouble is Trouble.NO_STATUS
    assert not holds(fingerprint, trust=poor, at=NOW)


def test_a_good_result_is_kept_for_the_times_it_stands() -> None:
    pki = make_pki()
    signer, trust = pki.person(), pki.trust_at(NOW)
    fingerprint = signer.certificate.fingerprint(hashes.SHA256())

    found = check_path(signer.certificate, trust=trust, at=NOW + HOUR)

    assert (found.since, found.until) == (NOW, NOW + 2 * DAY)
    assert check_path(signer.certificate, trust=trust, at=NOW + DAY) is found
    assert check_path(signer.certificate, trust=trust, at=NOW - HOUR) is not found
    assert holds(fingerprint, trust=trust, at=NOW + DAY)
    assert not holds(fingerprint, trust=trust, at=NOW + 3 * DAY)
    assert check_path(signer.certificate, trust=trust, at=NOW + 3 * DAY).trouble


def test_the_window_of_a_good_result_is_true(pki: NationalPKI, person: KeySigner) -> None:
    """Asked afresh at the ends of the window the answer is the same, and another just outside."""
    trust = pki.trust_at(NOW)
    found = check_path(person.certificate, trust=trust, at=NOW + HOUR)
    assert found.since
    assert found.until

    for at, expected in (
        (found.since, None),
        (found.until, None),
        (found.until + timedelta(seconds=1), Trouble.NO_STATUS),
    ):
        assert check_path(person.certificate, trust=pki.trust_at(NOW), at=at).trouble is expected


# Dated services (TS 119 612) ----------------------------------------------------------------------


def test_an_authority_that_only_the_list_names_is_an_anchor(pki: NationalPKI) -> None:
    foreign = make_pki()
    signer = foreign.person()
    home = pki.trust_at(NOW)
    lists = tuple(one.crl(at=NOW) for one in foreign.authorities)
    listed = replace(home, crls=lists).with_services(
        [service(foreign.people.certificate, (START, True))]
    )

    found = check_path(signer.certificate, trust=listed, at=NOW, others=signer.chain)

    assert (found.trouble, found.way) == (None, "danh sách")
    assert found.certificates[-1] == foreign.people.certificate
    assert check_path(signer.certificate, trust=home, at=NOW).trouble is Trouble.NO_PATH


@rule("R46")
def test_a_withdrawn_authority_counts_until_it_was_withdrawn() -> None:  # R46, SG-X-02
    pki = make_pki()
    signer = pki.person()
    withdrawn = NOW + 5 * HOUR
    plain = pki.trust_at(NOW)
    trust = plain.with_services(
        [service(pki.people.certificate, (START, True), (withdrawn, False))]
    )

    before = check_path(signer.certificate, trust=trust, at=withdrawn - HOUR)
    after = check_path(signer.certificate, trust=trust, at=withdrawn)

    assert before.trouble is None
    assert before.until is not None
    assert before.until < withdrawn
    assert after.trouble is Trouble.NO_PATH
    assert "không công nhận" in after.trouble_text
    assert check_path(signer.certificate, trust=plain, at=withdrawn).trouble is None


@rule("R46")
def test_a_withdrawn_root_takes_its_cross_certificate_along(pki: NationalPKI) -> None:  # R46
    signer, trust = government_only(pki)
    root = pki.national.certificate
    listed = trust.with_services([service(root, (START, True), (NOW - HOUR, False))])
    both = replace(listed, anchors=pki.trust.anchors)

    for each in (listed, both):
        assert check_path(signer.certificate, trust=each, at=NOW).trouble is Trouble.NO_PATH
        assert check_path(signer.certificate, trust=each, at=NOW - 2 * HOUR).trouble in {
            None,
            Trouble.NO_STATUS,
        }


def test_a_service_is_not_granted_before_its_history_begins(pki: NationalPKI) -> None:
    one = service(pki.people.certificate, (NOW, True))

    assert not one.granted_at(NOW - HOUR)
    assert one.granted_at(NOW)
    trust = pki.trust.with_services([one])
    assert trust.service_granted(pki.people.certificate, CA_SERVICE, NOW) is True
    assert trust.service_granted(pki.people.certificate, CA_SERVICE, NOW - HOUR) is False
    assert trust.service_granted(pki.public.certificate, CA_SERVICE, NOW) is None


def test_services_and_answers_survive_directory_and_bundle(
    pki: NationalPKI, person: KeySigner, tmp_path: Path
) -> None:
    answer = office(pki, person).ask()
    listed = service(pki.people.certificate, (START, True), (NOW, False))
    trust = pki.trust.with_services([listed]).with_ocsps([answer])

    trust.save(tmp_path)

    for loaded in (Trust.from_directory(tmp_path), Trust.from_bundle(trust.bundle())):
        assert loaded.services == (listed,)
        assert loaded.ocsps == (answer,)
        assert loaded.epoch == trust.epoch != pki.trust.epoch
    pki.trust.save(tmp_path)
    assert Trust.from_directory(tmp_path).epoch == pki.trust.epoch


@pytest.mark.parametrize(
    "text",
    [
        b"{}",
        b"[1]",
        b'[{"kind": "CA/PKC"}]',
        b'[{"certificate": "AA==", "kind": "CA/PKC", "statuses": []}]',
        b"\xff",
    ],
)
def test_broken_services_are_refused(pki: NationalPKI, text: bytes) -> None:
    with pytest.raises(TrustInvalid):
        Trust.from_files({**pki.trust.files(), "services.json": text})


# Constraints --------------------------------------------------------------------------------------


def certify(
    subject: str,
    key: object,
    issuer: Authority | None,
    *extensions: tuple[x509.ExtensionType, bool],
    ca: bool = True,
    signing_key: object | None = None,
) -> x509.Certificate:
    """A certificate with exactly these extensions (and basicConstraints)."""
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, subject)])
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(issuer.certificate.subject if issuer else name)
        .public_key(key.public_key())  # type: ignore[attr-defined]
        .serial_number(x509.random_serial_number())
        .not_valid_before(START)
        .not_valid_after(START + 1000 * DAY)
        .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
    )
    for value, critical in extensions:
        builder = builder.add_extension(value, critical=critical)
    return builder.sign(signing_key or (issuer.key if issuer else key), hashes.SHA256())  # type: ignore[arg-type]


def lists_of(*authorities: Authority) -> tuple[x509.CertificateRevocationList, ...]:
    return tuple(
        x509.load_der_x509_crl(
            crl.build(
                KeySigner(one.key, one.certificate),
                [],
                number=1,
                this_update=NOW - HOUR,
                next_update=NOW + DAY,
            )
        )
        for one in authorities
    )


def named(name: str) -> x509.DirectoryName:
    return x509.DirectoryName(x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)]))


def check_under(
    root_extensions: list[tuple[x509.ExtensionType, bool]],
    leaf_extensions: list[tuple[x509.ExtensionType, bool]],
    *,
    name: str = "leaf",
) -> PathResult:
    root_key = make_ec_key()
    root = Authority(root_key, certify("root", root_key, None, *root_extensions))
    leaf = certify(name, make_ec_key(), root, *leaf_extensions, ca=False)
    return check_path(leaf, trust=Trust((root.certificate,), crls=lists_of(root)), at=NOW)


@rule("R40")
def test_name_constraints_of_the_anchor_are_applied() -> None:  # R40
    permits = x509.NameConstraints([named("leaf")], None)
    excludes = x509.NameConstraints(None, [named("leaf")])

    assert check_under([(permits, True)], []).trouble is None
    assert check_under([(permits, True)], [], name="other").trouble is Trouble.CONSTRAINTS
    assert check_under([(excludes, True)], []).trouble is Trouble.CONSTRAINTS


@rule("R39")
def test_an_unknown_critical_extension_is_refused() -> None:  # R39
    strange = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\x05\x00")

    assert check_under([], [(strange, False)]).trouble is None
    assert check_under([], [(strange, True)]).trouble is Trouble.CONSTRAINTS


@rule("R38")
def test_an_authority_without_the_flag_or_beyond_its_length_is_refused() -> None:  # R38
    pki = make_pki()
    key = make_ec_key()
    person = pki.person(key=key)
    below = Authority(key, person.certificate)
    leaf = certify("leaf", make_ec_key(), below, ca=False)
    sub = Authority(make_ec_key(), pki.people.certificate)
    too_deep = pki.people.sub_authority("Dưới nữa", key=sub.key, at=START)
    deep_leaf = certify("leaf", make_ec_key(), too_deep, ca=False)
    trust = replace(pki.trust, crls=(*pki.trust.crls, *lists_of(below, too_deep)))

    for leaf_of, issuer in ((leaf, person.certificate), (deep_leaf, too_deep.certificate)):
        found = check_path(leaf_of, trust=trust, at=NOW, others=(issuer,))

        assert found.trouble in {Trouble.CONSTRAINTS, Trouble.NO_STATUS}


# Bounds (R42) -------------------------------------------------------------------------------------


@rule("R42")
def test_a_bag_of_namesakes_with_other_keys_is_bounded(pki: NationalPKI, trust: Trust) -> None:
    key = make_ec_key()
    namesakes = [certify("CA giả", make_ec_key(), None, signing_key=key) for _ in range(120)]
    leaf = certify("leaf", make_ec_key(), Authority(key, namesakes[0]), ca=False)

    found = check_path(leaf, trust=trust, at=NOW, others=namesakes)

    assert found.trouble is Trouble.BROKEN
    assert "giới hạn" in found.trouble_text


@rule("A4")
def test_the_right_issuer_is_found_among_strangers(pki: NationalPKI, trust: Trust) -> None:  # A4
    strangers = [certify(f"CA lạ {n}", make_ec_key(), None) for n in range(60)]
    signer = pki.person()
    lean = replace(trust, intermediates=())

    found = check_path(signer.certificate, trust=lean, at=NOW, others=(*strangers, *signer.chain))

    assert found.trouble is None


@rule("R42")
def test_authorities_that_certify_each_other_do_not_loop(trust: Trust) -> None:
    keys = [make_ec_key() for _ in range(6)]
    authorities = [Authority(key, certify(f"Vòng {n}", key, None)) for n, key in enumerate(keys)]
    ring = [
        certify(f"Vòng {n}", keys[n], authorities[m]) for n in range(6) for m in range(6) if n != m
    ]
    leaf = certify("leaf", make_ec_key(), authorities[0], ca=False)

    found = check_path(leaf, trust=trust, at=NOW, others=ring)

    assert found.trouble in {Trouble.NO_PATH, Trouble.BROKEN}


def cpu_seconds(work: Callable[[], object]) -> float:
    started = time.thread_time()
    work()
    return time.thread_time() - started


COST_MAX_SECONDS = 2.0  # of CPU, for any input of 1 MB


def test_many_constraints_times_many_names_are_refused_quickly() -> None:
    constraints = x509.NameConstraints([named(f"n{k}") for k in range(2000)], None)
    names = x509.SubjectAlternativeName([named(f"n{k}") for k in range(1000)])
    results: list[PathResult] = []

    cost = cpu_seconds(lambda: results.append(check_under([(constraints, True)], [(names, False)])))

    assert results[0].trouble is Trouble.CONSTRAINTS
    assert cost < COST_MAX_SECONDS


def test_a_list_of_a_megabyte_of_the_smallest_entries_is_bounded(
    pki: NationalPKI, trust: Trust, person: KeySigner
) -> None:
    authority = pki.people
    entries = [crl.entry_der(serial, Revocation(START)) for serial in range(1, 48_000)]
    data = crl.build(
        KeySigner(authority.key, authority.certificate),
        entries,
        number=5000,
        this_update=NOW,
        next_update=NOW + DAY,
    )
    evidence = Evidence(crls=(x509.load_der_x509_crl(data),))
    results: list[PathResult] = []

    cost = cpu_seconds(
        lambda: results.append(
            check_path(person.certificate, trust=trust, at=NOW, evidence=evidence)
        )
    )

    assert len(data) > 900_000
    assert results[0].trouble is None
    assert cost < COST_MAX_SECONDS


def test_very_many_lists_in_one_name_are_bounded(
    pki: NationalPKI, trust: Trust, person: KeySigner
) -> None:
    stranger = Authority(make_ec_key(), pki.people.certificate)
    forged = [
        x509.CertificateRevocationListBuilder()
        .issuer_name(pki.people.certificate.subject)
        .last_update(NOW)
        .next_update(NOW + DAY)
        .add_extension(x509.CRLNumber(10_000 + number), critical=False)
        .sign(stranger.key, hashes.SHA256())
        for number in range(300)
    ]
    results: list[PathResult] = []

    cost = cpu_seconds(
        lambda: results.append(
            check_path(
                person.certificate, trust=trust, at=NOW, evidence=Evidence(crls=tuple(forged))
            )
        )
    )

    assert results[0].trouble in {None, Trouble.BROKEN}
    assert cost < COST_MAX_SECONDS


def test_a_huge_key_is_not_even_tried() -> None:
    numbers = rsa.RSAPublicNumbers(2**64 + 13, (1 << 4095) + 1)
    with pytest.raises(ValueError, match="quá lớn"):
        check_key(numbers.public_key())


def test_a_certificate_that_cannot_be_read_is_a_broken_path(trust: Trust, pki: NationalPKI) -> None:
    key = make_ec_key()
    twice = x509.UnrecognizedExtension(x509.ObjectIdentifier("2.5.29.15"), b"\x30\x00")
    leaf = certify("leaf", key, pki.people, (twice, True), ca=False)

    assert check_path(leaf, trust=trust, at=NOW).trouble is not None
    assert leaf.public_bytes(Encoding.DER)


def test_policies_are_kept_apart(pki: NationalPKI) -> None:
    """SG-X-03: under the rules of the official policy a public certificate is not enough."""
    signer, trust = government_only(pki)
    official = path_module.PathRules(
        policies=frozenset(f"{arc}.3" for arc in GOVERNMENT_POLICIES), explicit_policy=True
    )
    public = path_module.PathRules(
        policies=frozenset(f"{arc}.3" for arc in PUBLIC_POLICIES), explicit_policy=True
    )

    def check(rules: path_module.PathRules) -> PathResult:
        return path_module.validate(
            signer.certificate,
            trust=trust,
            at=NOW,
            extra=(),
            revocations=Revocations(trust.crls),
            rules=rules,
        )

    assert check(public).trouble is None
    assert check(official).trouble is Trouble.CONSTRAINTS


# With another program -----------------------------------------------------------------------------


def openssl_accepts(
    signer: KeySigner, trust: Trust, at: datetime, folder: Path
) -> tuple[bool, str]:
    """What `openssl verify` says, with the strictest options it has."""

    def write(
        name: str, pieces: Iterable[x509.Certificate | x509.CertificateRevocationList]
    ) -> str:
        (folder / name).write_bytes(b"".join(one.public_bytes(Encoding.PEM) for one in pieces))
        return str(folder / name)

    done = subprocess.run(
        [
            "openssl", "verify", "-crl_check_all", "-policy_check", "-x509_strict",
            "-attime", str(int(at.timestamp())),
            "-CAfile", write("roots.pem", trust.anchors),
            "-untrusted", write("between.pem", trust.intermediates),
            "-CRLfile", write("lists.pem", trust.crls),
            write("leaf.pem", [signer.certificate]),
        ],
        check=False, capture_output=True, text=True,
    )  # fmt: skip
    return done.returncode == 0, done.stdout + done.stderr


def test_openssl_agrees_on_the_way_through_the_cross_certificate(tmp_path: Path) -> None:  # SG 13
    pki = make_pki()
    cross = next(
        one for one in pki.trust.intermediates if one.subject == pki.national.certificate.subject
    )
    signer, trust = government_only(pki)

    before = openssl_accepts(signer, trust, NOW, tmp_path)
    pki.government.revoke(cross, at=NOW - HOUR)
    _, revoked = government_only(pki)
    after = openssl_accepts(signer, revoked, NOW, tmp_path)

    assert before[0], before[1]
    assert check_path(signer.certificate, trust=trust, at=NOW).trouble is None
    assert not after[0]
    assert "revoked" in after[1]
    assert check_path(signer.certificate, trust=revoked, at=NOW).trouble is Trouble.REVOKED_CA


def test_openssl_agrees_on_our_lists(pki: NationalPKI, trust: Trust, tmp_path: Path) -> None:
    """Lists of the fast writer in place of the others; one with the certificate on it."""
    signer = pki.service()
    cases: list[dict[int, Revocation]] = [
        {},
        {signer.certificate.serial_number: Revocation(NOW - DAY)},
    ]
    for entries in cases:
        ours = [
            x509.load_der_x509_crl(
                crl.build(
                    KeySigner(one.key, one.certificate),
                    entries,
                    number=99,
                    this_update=NOW - HOUR,
                    next_update=NOW + DAY,
                    expired_since=START,
                )
            )
            for one in (pki.government, pki.services)
        ]
        own = replace(trust, crls=tuple(ours))

        accepted, said = openssl_accepts(signer, own, NOW, tmp_path)

        assert accepted is not bool(entries), said
        found = check_path(signer.certificate, trust=own, at=NOW)
        assert (found.trouble is None) is accepted
