"""Receipts, signed requests, canonical JSON, and files verified without knowing their kind."""

from __future__ import annotations

import hashlib
import io
import json
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from lienthong.core import signing
from lienthong.core.signing.keys import PublicKey
from lienthong.core.signing.marks import handwriting_png, seal_png
from lienthong.core.tests import signing_samples as samples
from lienthong.core.tests.pki_fixture import NOW, test_pki
from lienthong.core.tests.signing_cases.receipts import (
    PAYLOAD,
    look,
    receipt_file,
    token,
    verify_token,
)


def test_a_receipt_gives_back_what_was_signed() -> None:
    assert verify_token(token()) == PAYLOAD
    key = test_pki().receipt().public_key
    assert signing.verify_jws(token(), public_key=key) == PAYLOAD  # type: ignore[arg-type]


# Canonical JSON


def test_canonical_json_follows_the_examples_of_rfc_8785() -> None:
    value = {
        "numbers": [333333333.33333329, 1e30, 4.50, 2e-3, 0.000000000000000000000000001],
        "string": "\u20ac$\u000f\u000aA'\u0042\u0022\u005c\\\"/",
        "literals": [None, True, False],
    }

    assert signing.canonical_json(value).decode() == (
        '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],'
        '"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}'
    )


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (-0.0, "0"),
        (1e21, "1e+21"),
        (1e20, "100000000000000000000"),
        (9007199254740992.0, "9007199254740992"),
        (5e-324, "5e-324"),
        (1.7976931348623157e308, "1.7976931348623157e+308"),
        (0.000001, "0.000001"),
        (1e-7, "1e-7"),
        (-123.456, "-123.456"),
        (295147905179352830000.0, "295147905179352830000"),
        (9.5, "9.5"),
    ],
)
def test_numbers_are_written_as_ecmascript_does(value: float, text: str) -> None:
    assert signing.canonical_json(value).decode() == text


def test_keys_are_sorted_by_utf_16_units() -> None:
    keys = ["\u20ac", "\r", "\ufb33", "1", "\U0001f600", "\u0080", "\u00f6"]

    ordered = json.loads(
        signing.canonical_json(dict.fromkeys(keys, 0)),
        object_pairs_hook=lambda p: [k for k, _ in p],
    )

    assert ordered == ["\r", "1", "\u0080", "\u00f6", "\u20ac", "\U0001f600", "\ufb33"]


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 2**60, "\ud800", {1: 2}, b"x"])
def test_what_json_cannot_say_exactly_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match=r".*"):
        signing.canonical_json(value)


@given(st.recursive(st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1)
       | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
       lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)))  # fmt: skip
def test_canonical_json_says_the_same_value(value: Any) -> None:
    text = signing.canonical_json(value)

    assert json.loads(text, parse_int=float) == value
    assert signing.canonical_json(json.loads(text)) == text


# Requests


def keys(key_id: str) -> PublicKey | None:
    return test_pki().node().public_key if key_id == "node-1" else None


def request(**changes: Any) -> dict[str, str]:
    given_: dict[str, Any] = {
        "method": "POST",
        "target": "/v1/packets?kind=edoc",
        "body": b"<edXML/>",
        "key_id": "node-1",
        "at": NOW,
        **changes,
    }
    extra = {"Packet-Signature": ":YWJj:"}
    signed = signing.sign_request(
        given_["method"],
        given_["target"],
        hashlib.sha256(given_["body"]).digest(),
        extra,
        key_id=given_["key_id"],
        signer=test_pki().node(),
        at=given_["at"],
        nonce="n0nce",
    )
    return {**extra, **signed}


def verify_request(
    headers: dict[str, str], *, method: str = "POST", target: str = "/v1/packets?kind=edoc"
) -> signing.Verified:
    return signing.verify_request(
        method,
        target,
        headers,
        public_key_of=keys,
        now=NOW,
        required=["Packet-Signature"],
    )


def test_a_signed_request_tells_who_and_which_body() -> None:
    found = verify_request(request())

    assert found.key_id == "node-1"
    assert found.body_sha256 == hashlib.sha256(b"<edXML/>").digest()
    assert found.nonce == "n0nce"


def test_header_names_may_come_in_any_case() -> None:
    verify_request({name.lower(): value for name, value in request().items()})


def test_a_request_for_something_else_is_refused() -> None:
    headers = request()
    for changed in (
        {"method": "PUT"},
        {"target": "/v1/packets?kind=status"},
        {"target": "/v1/packets"},
        {"target": "/v1/inbox?kind=edoc"},
    ):
        with pytest.raises(signing.RequestSignatureInvalid):
            verify_request(headers, **changed)


@pytest.mark.parametrize(
    "name", ["Content-Digest", "Signature", "Signature-Input", "Packet-Signature"]
)
def test_a_covered_header_missing_or_changed_is_refused(name: str) -> None:
    headers = request()
    without = {key: value for key, value in headers.items() if key != name}
    changed = {**headers, name: headers[name].replace("Y", "Z").replace("1", "2")}

    with pytest.raises(signing.RequestSignatureInvalid):
        verify_request(without)
    if changed != headers:
        with pytest.raises((signing.RequestSignatureInvalid, signing.RequestClockSkew)):
            verify_request(changed)


def test_an_unknown_key_is_refused() -> None:
    with pytest.raises(signing.RequestSignatureInvalid):
        verify_request(request(key_id="node-2"))


@pytest.mark.parametrize("minutes", [-6, 6])
def test_a_clock_too_far_away_is_told(minutes: int) -> None:
    with pytest.raises(signing.RequestClockSkew) as refused:
        verify_request(request(at=NOW + timedelta(minutes=minutes)))

    assert refused.value.facts["offset_s"] == -minutes * 60


@given(st.text(max_size=300))
def test_any_signature_input_is_read_or_refused(text: str) -> None:
    with pytest.raises(signing.RequestSignatureInvalid):
        verify_request({**request(), "Signature-Input": text})


# Files


def test_a_receipt_file_is_proved_offline() -> None:
    found = look(receipt_file())

    assert (found.kind, found.ok) == ("receipt", True), found.lines
    assert "Merkle" in found.text()
    assert json.dumps(found.to_json())


def test_a_packet_needs_its_signature_beside_it() -> None:
    packet = b"<?xml version='1.0'?><edXML/>"
    signature = signing.sign_detached(packet, signer=test_pki().service(), at=NOW)

    assert look(packet, signature).ok
    assert not look(packet).ok
    assert not look(packet + b" ", signature).ok
    assert look(packet).kind == "packet"


def test_a_packet_may_be_verified_by_its_digest() -> None:
    signature = signing.sign_detached(b"content", signer=test_pki().service(), at=NOW)
    digest = signing.SHA256Digest(hashlib.sha256(b"content").digest())

    report = signing.verify_detached(digest, signature, trust=test_pki().trust, at=NOW)

    assert report.indication is signing.Indication.PASSED


def test_a_document_file_tells_every_check() -> None:
    found = look(samples.signed_twice())

    assert (found.kind, found.ok) == ("pdf", True)
    assert "Chữ ký NguoiKy (PAdES B-B): Hợp lệ" in found.text()
    assert not look(samples.signed_twice() + b"x").ok
    assert not look(samples.make_pdf()).ok


def test_a_checkpoint_file_is_verified_by_the_log_key() -> None:
    note = receipt_file()["log"]["checkpoint"]

    assert look(note.encode()).ok
    assert look(note.encode()).kind == "checkpoint"
    assert not look(note.replace("\n5\n", "\n6\n").encode()).ok


@given(st.binary(max_size=200))
def test_anything_else_is_unknown(data: bytes) -> None:
    assert not look(data).ok
    assert not look(b"{" + data).ok


def test_marks_are_coloured_transparent_and_small() -> None:  # SG-A-07
    for png, colour in ((handwriting_png("Nguyễn Văn A"), 2), (seal_png("Bộ Thử nghiệm"), 0)):
        with Image.open(io.BytesIO(png)) as picture:
            assert picture.mode == "RGBA"
            assert picture.getpixel((0, 0))[3] == 0  # type: ignore[index]
            data = picture.tobytes()
        pixels = [data[start : start + 4] for start in range(0, len(data), 4)]
        shown = [pixel for pixel in pixels if pixel[3] > 200]
        assert len(png) < 200 * 1024
        strongest = {max(range(3), key=pixel.__getitem__) for pixel in shown}
        assert strongest == {colour}
