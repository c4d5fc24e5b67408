"""`lienthong bench sign`: signatures, answers and certificates made for each second of one core.

Ours, pyHanko as shipped and the key operation alone (the limit of this machine, by the same
OpenSSL), in turns in one run, as CPU time.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import click
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from lienthong.core import signing
from lienthong.core.signing import ocsp, tsp
from lienthong.core.signing.authority import Profile, Subject, make_ec_key
from lienthong.core.signing.keys import PREHASHED, PSS, KeySigner, PrivateKey

from . import target
from .material import AGENCY_CODE, LARGE_BYTES, SMALL_BYTES, Material, openssl_speed, prepared_pdf
from .report import case, emit, headline, with_targets
from .windows import Operation, measure

TSA_POLICY = "1.3.6.1.4.1.32473.84.3.1.3"


def raw(key: PrivateKey) -> Operation:
    """The key operation on a digest, and nothing else."""
    digest = hashlib.sha256(b"bench").digest()
    if isinstance(key, rsa.RSAPrivateKey):
        return lambda: key.sign(digest, PSS, PREHASHED)
    return lambda: key.sign(digest, ec.ECDSA(PREHASHED))


def ours(material: Material, data: bytes, signer: KeySigner) -> Operation:
    """At the moment of signing: the document was read and checked when it was rendered."""
    prepared = signing.PreparedPdf.of(data)
    return lambda: prepared.sign(
        field=signing.PERSON_FIELD, signer=signer, at=material.at, **material.texts
    )


def at_once(material: Material, data: bytes, signer: KeySigner) -> Operation:
    """With every check of the document before (SG 6.1)."""
    return lambda: material.sign(data, signing.PERSON_FIELD, signer)


def by_pyhanko(material: Material, data: bytes, signer: KeySigner, key: PrivateKey) -> Operation:
    hand = material.pyhanko_signer(signer, key)
    return lambda: material.sign_by_pyhanko(data, hand)


def measure_all(say: Callable[[str], None]) -> dict[str, Any]:
    """Every case; `say` tells what goes on."""
    say("Tạo khóa và văn bản …")
    material = Material.make()
    small, large = prepared_pdf(SMALL_BYTES), prepared_pdf(LARGE_BYTES)
    say("Đo …")
    machine = target.speeds()
    rsa_key, rsa_signer = material.person_key, material.person
    ec_key, ec_signer = material.person_ec_key, material.person_ec
    cases = []
    for name, data, signer, key, rounds in (
        ("pades_b_170k_rsa3072", small, rsa_signer, rsa_key, 7),
        ("pades_b_170k_p256", small, ec_signer, ec_key, 5),
        ("pades_b_5m_rsa3072", large, rsa_signer, rsa_key, 3),
    ):
        found = measure(
            {
                "ours": ours(material, data, signer),
                "at_once": at_once(material, data, signer),
                "pyhanko": by_pyhanko(material, data, signer, key),
                "limit": raw(key),
            },
            rounds=rounds,
        )
        cases += [
            case(name, found["ours"], found["pyhanko"], found["limit"]),
            case(f"{name}_with_checks", found["at_once"], found["pyhanko"], found["limit"]),
        ]
    cases += _services(material)
    speeds = openssl_speed("rsa3072", "ecdsap256")
    machine = machine.best(target.speeds())
    return headline(
        "sign",
        with_targets(cases, target.SIGN, machine),
        file_bytes=len(small),
        openssl=speeds,
        machine=machine,
    )


def _services(material: Material) -> list[dict[str, Any]]:
    """Packets, OCSP answers, time-stamps, certificates."""
    at, by = material.at, material.services
    key = make_ec_key()
    answering = KeySigner(
        key, by.issue(Profile.OCSP, Subject("OCSP đo"), key.public_key(), at=at), by.chain
    )
    stamping_key = make_ec_key()
    stamping = KeySigner(
        stamping_key,
        by.issue(Profile.TSA, Subject("TSA đo"), stamping_key.public_key(), at=at),
        by.chain,
    )
    serials = [material.service.certificate.serial_number]
    responder = ocsp.Responder(
        by.certificate, answering, dict.fromkeys(serials), nonce_signer=answering.unchecked
    )
    question = ocsp.build_request(material.service.certificate, by.certificate)
    with_nonce = ocsp.build_request(
        material.service.certificate, by.certificate, nonce=bytes(range(16))
    )
    authority = tsp.TimestampAuthority(stamping, TSA_POLICY)
    request = tsp.build_request(hashlib.sha256(b"bench").digest(), nonce=7)
    subject = Subject("Trần Văn Cấp", organization_code=AGENCY_CODE, serial="CB:VN-G99-3")
    packet = bytes(4096)
    found = measure(
        {
            "cades_packet_4k_p256": lambda: signing.sign_detached(
                packet, signer=material.service, at=at
            ),
            "ocsp_answer_kept": lambda: responder.answer(question, at),
            "ocsp_answer_p256": lambda: responder.answer(with_nonce, at),
            "timestamp_p256": lambda: authority.answer(request, at),
            "certificate_rsa3072_ca": lambda: material.authority.issue(
                Profile.PERSON, subject, key.public_key(), at=at, lifetime=timedelta(days=30)
            ),
            "raw_p256": raw(key),
            "raw_rsa3072": raw(material.person_key),
        },
        rounds=4,
    )
    limits = {"certificate_rsa3072_ca": "raw_rsa3072", "ocsp_answer_kept": ""}
    return [
        case(name, cost, None, found.get(limits.get(name, "raw_p256")))
        for name, cost in found.items()
        if not name.startswith("raw_")
    ]


@click.command("sign")
@click.option("--json", "as_json", is_flag=True, help="One JSON object on one line.")
def main(as_json: bool) -> None:
    """Make signatures: ours, pyHanko as shipped, and the key operation alone."""
    emit(measure_all(lambda text: click.echo(text, err=True)), as_json=as_json)
