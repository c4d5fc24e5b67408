"""Receipts and the log bent in one place (SG 8, R57 to R60)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from lienthong.core import signing, tlog
from lienthong.core.signing.authority import Profile, Subject, make_ec_key, make_key
from lienthong.core.tests.pki_fixture import make_pki, test_pki
from lienthong.core.tests.signing_cases import receipts
from lienthong.core.tests.signing_cases.receipts import (
    PACKET,
    PAYLOAD,
    encode,
    forged,
    header_with,
    look,
    receipt_file,
    token,
    verify_token,
)
from lienthong.core.tests.signing_cases.rules import rule


def bare_key() -> dict[str, str]:
    numbers = make_ec_key().public_key().public_numbers()
    return {
        "kty": "EC",
        "crv": "P-256",
        "x": encode(numbers.x.to_bytes(32, "big")),
        "y": encode(numbers.y.to_bytes(32, "big")),
    }


# Keys


@rule("R57")
@pytest.mark.parametrize(
    "header",
    [
        header_with(jwk=bare_key()),
        header_with(jwk=bare_key(), x5c=None),
        header_with(jku="https://evil.example/keys"),
        header_with(x5u="https://evil.example/cert.pem"),
        header_with(x5u="file:///etc/passwd", x5c=None),
        header_with(kid="test-hub", x5c=None),
        header_with(x5c=None),
        header_with(x5t="AAAA"),
    ],
)
def test_a_key_that_no_certificate_vouches_for_is_refused(header: str) -> None:
    with pytest.raises(signing.JWSInvalid):
        verify_token(forged(header=header))


@rule("R57")
@pytest.mark.parametrize(
    "chain", [[], ["!!"], [""], ["AAAA"], "AAAA", [1], [None], {"a": 1}, [["AAAA"]], ["AAAA"] * 7]
)
def test_a_certificate_that_does_not_read_is_refused(chain: object) -> None:
    with pytest.raises(signing.JWSInvalid):
        verify_token(forged(header=header_with(x5c=chain)))


@rule("R57")
def test_a_certificate_that_the_header_does_not_name_is_refused() -> None:
    other = test_pki().receipt("another hub").certificate.public_bytes(Encoding.DER)
    chain = [base64.b64encode(other).decode()]

    for header in (header_with(x5c=chain), header_with(**{"x5t#S256": "AAAA"})):
        with pytest.raises(signing.JWSInvalid):
            verify_token(forged(header=header))


# Headers


@rule("R58")
@pytest.mark.parametrize(
    "algorithm",
    ["none", "None", "NONE", "", "HS256", "ES384", "ES512", "RS256", "PS256", "PS512", "EdDSA",
     "es256", ["ES256"], {"a": 1}, 256, True],
)  # fmt: skip
def test_another_algorithm_is_refused(algorithm: object) -> None:
    with pytest.raises(signing.JWSInvalid):
        verify_token(forged(header=header_with(alg=algorithm)))


@rule("R58")
def test_a_token_without_signature_is_refused() -> None:
    first, second, third = token().split(".")
    unsigned = encode(header_with(alg="none").encode())

    for text in (
        f"{first}.{second}.",
        f"{unsigned}.{second}.",
        f"{unsigned}.{second}.{third}",
        f"{first}.{second}",
        f"{first}..{third}",
        f"{first}.{second}.{third}.",
        f"{first}.{second}.{third}.{third}.{third}",
        "",
        "..",
    ):
        with pytest.raises(signing.JWSInvalid):
            verify_token(text)


@rule("R58")
def test_the_public_key_is_no_secret_to_sign_with() -> None:
    """The old confusion: HMAC with the bytes of the public key, which everybody knows."""
    public = (
        test_pki()
        .receipt()
        .public_key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    )
    body = f"{encode(header_with(alg='HS256').encode())}.{token().split('.')[1]}"

    value = hmac.new(public, body.encode(), "sha256").digest()

    with pytest.raises(signing.JWSInvalid):
        verify_token(f"{body}.{encode(value)}")


@rule("R58")
@pytest.mark.parametrize(
    "header",
    [
        header_with(crit=["sigT", "exp"]),
        header_with(crit=["exp"], exp=1),
        header_with(crit=["sigT", "sigT"]),
        header_with(crit=[]),
        header_with(crit="sigT"),
        header_with(crit=None),
        header_with(b64=False, crit=["b64", "sigT"]),
        header_with(zip="DEF"),
        header_with(sigT=None),
        header_with(sigT="yesterday"),
        header_with(sigT="2026-11-21T09:00:00"),
        header_with(sigT=20261121),
        header_with(typ="JWT"),
        header_with(typ=None),
        header_with(typ=["egov-receipt+jws"]),
        header_with()[:-1] + ',"alg":"ES256"}',
        '{"alg":"none",' + header_with()[1:],
        header_with()[:-1] + ',"crit":["sigT"]}',
        "[]",
        "{",
        "null",
        '"ES256"',
    ],
)
def test_a_header_outside_the_profile_is_refused(header: str) -> None:
    with pytest.raises(signing.JWSInvalid):
        verify_token(forged(header=header))


@rule("R58")
@pytest.mark.parametrize(
    "payload", [b'{"b":1,"a":2}', b'{"a": 1}', b'{"a":1,"a":1}', b"[1]", b"\xff", b"", b"1",
                b'{"a":NaN}', b'{"a":1.0}', b'{"a":1}\n', b"[" * 5000]
)  # fmt: skip
def test_a_payload_that_is_not_canonical_is_refused(payload: bytes) -> None:
    with pytest.raises(signing.JWSInvalid):
        verify_token(forged(payload=payload))


@rule("R58")
@given(st.data())
def test_a_changed_token_is_refused(data: st.DataObject) -> None:
    text = token()
    place = data.draw(st.integers(0, len(text) - 1))
    letter = data.draw(st.sampled_from("ABCDabcd0123-_.=+/ é"))
    changed = text[:place] + letter + text[place + 1 :]

    if changed != text:
        with pytest.raises(signing.JWSInvalid):
            verify_token(changed)


@rule("R58")
def test_the_same_bytes_written_in_another_way_are_refused() -> None:
    first, second, third = token().split(".")

    for text in (
        f"{first}=.{second}.{third}",
        f" {token()}",
        f"{token()}\n",
        f"{first}.{second}.{third}==",
        json.dumps({"payload": second, "protected": first, "signature": third}),
    ):
        with pytest.raises(signing.JWSInvalid):
            verify_token(text)


# Receipts


@rule("R59")
@pytest.mark.parametrize("who", ["a node", "an agency's service", "a person", "a stranger's axis"])
def test_a_receipt_by_a_third_party_is_refused(who: str) -> None:
    pki = test_pki()
    signer = {
        "a node": pki.node,
        "an agency's service": pki.service,
        "a person": pki.person,
        "a stranger's axis": make_pki().receipt,
    }[who]()

    text = token(signer=signer)

    with pytest.raises(signing.JWSInvalid):
        verify_token(text)
    assert not look(receipt_file(text=text)).ok


@rule("R59")
def test_a_receipt_is_for_one_packet_only() -> None:
    found = receipt_file()

    assert look(found, PACKET).ok
    assert not look(found, b"<other/>").ok
    assert not look(found, PACKET + b"\n").ok


@rule("R59")
def test_a_receipt_replayed_around_another_packet_is_refused() -> None:
    found = receipt_file()
    other = hashlib.sha256(b"<other/>").hexdigest()

    assert not look({**found, "sha256": other}).ok
    assert not look({**found, "packet_id": "p-2"}).ok
    assert not look({**found, "sha256": other, "packet_id": "p-2"}, b"<other/>").ok
    assert not look({**found, "receipt": token({**PAYLOAD, "packet_id": "p-9"})}).ok
    assert not look({**found, "receipt": token({**PAYLOAD, "kind": "refused"})}).ok


@rule("R59")
def test_a_receipt_file_says_nothing_beside_what_is_signed() -> None:
    found = receipt_file()

    assert not look({**found, "status": "06"}).ok
    assert not look({**found, "log": {**found["log"], "note": "x"}}).ok
    assert not look({name: value for name, value in found.items() if name != "log"}).ok


@rule("R59", "R60")
def test_any_changed_byte_of_a_receipt_file_is_noticed() -> None:
    found = receipt_file()
    data = json.dumps({"receipt": found["receipt"], "log": found["log"]}, indent=1).encode()
    assert look(data).ok

    unnoticed = []
    for position in range(0, len(data), 3):
        changed = bytearray(data)
        changed[position] ^= 1
        if look(bytes(changed)).ok:
            unnoticed.append(position)

    assert unnoticed == []


# The log


def _swapped(proof: list[str]) -> list[str]:
    return [proof[1], proof[0], *proof[2:]]


PROOFS: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    "a node missing": lambda log: {**log, "proof": log["proof"][:-1]},
    "the first missing": lambda log: {**log, "proof": log["proof"][1:]},
    "none": lambda log: {**log, "proof": []},
    "one more": lambda log: {**log, "proof": [*log["proof"], log["proof"][0]]},
    "two swapped": lambda log: {**log, "proof": _swapped(log["proof"])},
    "a node of other length": lambda log: {**log, "proof": ["AAAA", *log["proof"][1:]]},
    "not base64": lambda log: {**log, "proof": ["!", *log["proof"][1:]]},
    "a text for a list": lambda log: {**log, "proof": "".join(log["proof"])},
    "the index before": lambda log: {**log, "index": 1},
    "the index after": lambda log: {**log, "index": 3},
    "an index outside": lambda log: {**log, "index": 5},
    "an index below": lambda log: {**log, "index": -1},
    "an index as text": lambda log: {**log, "index": "2"},
    "an index that is true": lambda log: {**log, "index": True},
    "a smaller size": lambda log: {**log, "size": 4},
    "a larger size": lambda log: {**log, "size": 6},
    "size 0": lambda log: {**log, "size": 0},
    "the checkpoint of another size": lambda log: {
        **log,
        "checkpoint": log["checkpoint"].replace("\n5\n", "\n6\n"),
    },
}


@rule("R60")
@pytest.mark.parametrize("name", PROOFS)
def test_a_bent_proof_is_refused(name: str) -> None:
    found = receipt_file()

    assert not look({**found, "log": PROOFS[name](found["log"])}).ok


def _resigned(found: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """The file with a checkpoint of somebody else over the same tree, or over another."""
    _, size, root = found["log"]["checkpoint"].split("\n")[:3]
    size, root = changes.get("size", int(size)), changes.get("root", base64.b64decode(root))
    given = {name: changes[name] for name in ("origin", "key") if name in changes}
    note = receipts.checkpoint(size, root, **given)
    return {**found, "log": {**found["log"], "checkpoint": note, "size": size}}


@rule("R60")
def test_the_resigned_checkpoint_is_otherwise_sound() -> None:
    assert look(_resigned(receipt_file())).ok


@rule("R60")
@pytest.mark.parametrize("what", ["unknown key", "fork", "size 0"])
def test_another_checkpoint_is_refused(what: str) -> None:
    changes: dict[str, dict[str, Any]] = {
        "unknown key": {"key": Ed25519PrivateKey.generate()},
        "fork": {"root": hashlib.sha256(b"another tree").digest()},
        "size 0": {"size": 0, "root": tlog.EMPTY_ROOT},
    }

    assert not look(_resigned(receipt_file(), **changes[what])).ok


@rule("R60")
def test_a_checkpoint_of_another_log_is_refused() -> None:
    key, note = test_pki().log_key, receipts.checkpoint(5, b"\x01" * 32, origin="other/log")

    with pytest.raises(tlog.CheckpointInvalid):
        tlog.verify_checkpoint(note, key.public_key(), receipts.LOG)
    named = note.replace("other/log\n", f"{receipts.LOG}\n", 1)
    with pytest.raises(tlog.CheckpointInvalid):
        tlog.verify_checkpoint(named, key.public_key(), receipts.LOG)


@rule("R60")
@given(st.integers(1, 40), st.data())
def test_a_fork_of_the_log_has_no_consistency_proof(size: int, data: st.DataObject) -> None:
    more = data.draw(st.integers(1, 40))
    one = [tlog.leaf_hash(b"%d" % number) for number in range(size)]
    two = [*one[:-1], tlog.leaf_hash(b"another"), *one][: size + more]
    tiles, others = tlog.MemoryTiles(), tlog.MemoryTiles()
    first = tlog.append(tiles, 0, one)
    second = tlog.append(others, 0, two)
    others.write(second.changed)
    proof = tlog.consistency_proof(others, size, second.size) if second.size > size else []

    with pytest.raises(tlog.ProofInvalid):
        tlog.verify_consistency(size, second.size, proof, first.root, second.root)


def test_a_receipt_signed_with_an_rsa_key_says_so() -> None:
    """PS256 belongs to an RSA key and ES256 to an elliptic one; neither stands for the other."""
    signer = test_pki().issue(
        test_pki().services,
        Profile.RECEIPT,
        Subject("rsa-hub"),
        key=make_key(2048),
    )
    good = token(signer=signer)
    first, second, third = good.split(".")
    header = json.loads(base64.urlsafe_b64decode(first + "=="))
    header["alg"] = "ES256"
    assert verify_token(good) == PAYLOAD

    with pytest.raises(signing.JWSInvalid):
        verify_token(f"{encode(signing.canonical_json(header))}.{second}.{third}")
