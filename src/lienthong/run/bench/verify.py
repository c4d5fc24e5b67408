"""`lienthong bench verify`: signatures verified for each second of one core.

Ours, pyHanko as shipped and the limit of this machine (hash and RSA or ECDSA verification by the
same OpenSSL), in turns in one run, as CPU time.
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Callable
from typing import Any

import click

from lienthong.core import signing
from lienthong.core.signing import Indication, Verdict, fast, identity, path, policy
from lienthong.core.signing.keys import KeySigner, PrivateKey, verify_digest

from . import target
from .material import (
    LARGE_BYTES,
    SMALL_BYTES,
    Material,
    openssl_speed,
    ordinary_pdf,
    prepared_pdf,
)
from .report import case, emit, headline, with_targets
from .windows import Operation, measure

PACKET_BYTES = 4096


class DoubtfulError(RuntimeError):
    """What is measured did not do its work: the figure would mean nothing."""


def passes(material: Material, data: bytes) -> Operation:
    """The fast path on `data`, with what it remembers of certificates and paths."""

    return lambda: fast.pass_pdf(data, trust=material.trust, at=material.at)


def passes_cold(material: Material, data: bytes) -> Operation:
    """The same with every memory emptied before, but for the Trust as it was loaded."""
    warm, memories = passes(material, data), _memories()

    def operation() -> None:
        for forget in memories:
            forget()
        warm()

    return operation


def _memories() -> list[Callable[[], None]]:
    """How to empty each memory of `lienthong.core.signing`; its tables of algorithms are none."""
    modules = [
        module
        for name, module in sys.modules.items()
        if name.startswith(signing.__name__ + ".") and module is not policy
    ]
    cached = {
        id(value): value.cache_clear
        for module in modules
        for value in vars(module).values()
        if hasattr(value, "cache_clear")
    }
    return [*cached.values(), fast.forget, path.forget, identity.forget]


def reference(material: Material, data: bytes) -> Operation:
    def operation() -> None:
        report = signing.verify_pdf(
            data, trust=material.trust, at=material.at, second_opinion=False
        )
        if report.verdict is not Verdict.VALID:
            raise DoubtfulError("the reference path does not pass a document of the bench")

    return operation


def limit(data: bytes, signer: KeySigner) -> Operation:
    """What nobody can do without: the hash of the bytes and one verification."""
    signature = signer.sign_digest(hashlib.sha256(data).digest())
    key = signer.public_key

    def operation() -> None:
        verify_digest(key, hashlib.sha256(data).digest(), signature)

    return operation


def by_pyhanko(material: Material, data: bytes) -> Operation:
    return lambda: material.verify_by_pyhanko(data)


def by_other(material: Material, size: int, key: PrivateKey, signer: KeySigner) -> bytes:
    """An ordinary file that another program signed."""
    return material.sign_by_pyhanko(ordinary_pdf(size), material.pyhanko_signer(signer, key))


def measure_all(say: Callable[[str], None]) -> dict[str, Any]:
    """Every case; `say` tells what goes on."""
    say("Tạo khóa và văn bản …")
    material = Material.make()
    at = material.at
    other = by_other(material, SMALL_BYTES, material.person_key, material.person)
    other_ec = by_other(material, SMALL_BYTES, material.person_ec_key, material.person_ec)
    other_large = by_other(material, LARGE_BYTES, material.person_key, material.person)
    once = material.sign(prepared_pdf(SMALL_BYTES), signing.PERSON_FIELD, material.person)
    twice = material.sign(once, signing.AGENCY_FIELD, material.agency)
    packet = bytes(range(256)) * (PACKET_BYTES // 256)
    beside = signing.sign_detached(packet, signer=material.service, at=at)
    say("Đo …")
    machine = target.speeds()
    first = measure(
        {
            "ours": passes(material, other),
            "cold": passes_cold(material, other),
            "pyhanko": by_pyhanko(material, other),
            "limit": limit(other, material.person),
        }
    )
    cases = [
        case("pades_b_170k_rsa3072_warm", first["ours"], first["pyhanko"], first["limit"]),
        case("pades_b_170k_rsa3072_cold", first["cold"], first["pyhanko"], first["limit"]),
    ]
    for name, data, signer in (
        ("pades_b_170k_p256_warm", other_ec, material.person_ec),
        ("pades_b_5m_rsa3072_warm", other_large, material.person),
    ):
        found = measure(
            {
                "ours": passes(material, data),
                "pyhanko": by_pyhanko(material, data),
                "limit": limit(data, signer),
            },
            rounds=4,
        )
        cases.append(case(name, found["ours"], found["pyhanko"], found["limit"]))
    verifier = signing.Verifier()
    own = measure(
        {
            "once": passes(material, once),
            "twice": passes(material, twice),
            "reference": reference(material, twice),
            "known": lambda: verifier.verify(twice, trust=material.trust, at=at),
            "packet": lambda: _packet(material, packet, beside),
            "packet_limit": limit(packet, material.service),
            "limit": limit(twice, material.person),
        },
        rounds=4,
    )
    cases += [
        case("own_person_170k_rsa3072", own["once"]),
        case("own_both_170k_rsa3072", own["twice"], None, own["limit"]),
        case("own_both_reference_path", own["reference"]),
        case("known_document", own["known"]),
        case("cades_packet_4k_p256", own["packet"], None, own["packet_limit"]),
    ]
    machine = machine.best(target.speeds())
    return headline(
        "verify",
        with_targets(cases, target.VERIFY, machine),
        file_bytes=len(other),
        openssl=openssl_speed("rsa3072"),
        machine=machine,
    )


def _packet(material: Material, packet: bytes, beside: bytes) -> None:
    report = signing.verify_detached(packet, beside, trust=material.trust, at=material.at)
    if report.indication is not Indication.PASSED:
        raise DoubtfulError("a packet of the bench is not good")


@click.command("verify")
@click.option("--json", "as_json", is_flag=True, help="One JSON object on one line.")
def main(as_json: bool) -> None:
    """Verify signatures: ours, pyHanko as shipped, and the limit of this machine."""
    emit(measure_all(lambda text: click.echo(text, err=True)), as_json=as_json)
