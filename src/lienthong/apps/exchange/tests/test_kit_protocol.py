"""The kit's conventions (part H of the exchange rules), with the published test vectors."""

from __future__ import annotations

import hashlib
import hmac
from datetime import UTC, datetime, timedelta

import orjson
import pytest

from lienthong.apps.exchange.hub.kit import protocol, vault
from lienthong.apps.exchange.hub.problems import HubDefect
from lienthong.core.errors import catalogue

SECRET = "dummysecret"
SIGN_HEADER = (
    '{"XroadVnpt-systemid":"test.sys.01","XroadVnpt-servicetype":"eDoc",'
    '"XroadVnpt-messagetype":"edoc","XroadVnpt-timestamp":"21112026T171601+0536",'
    '"XroadVnpt-Content-Type":"application/json"}'
)
HASH_HEADER = "1d9f3485d7070bbb46890cea1050d085f5224abda138878d8fe79f0d16c10cc3"
FILE = b"<edXML>hello</edXML>\n"
NOW = datetime(2026, 11, 21, 17, 16, 30, tzinfo=UTC)


def parameters(**changes: str) -> protocol.Parameters:
    values = {
        "systemid": "test.sys.01",
        "servicetype": "eDoc",
        "messagetype": "edoc",
        "timestamp": "21112026T171601+0536",
        "sign-header": SIGN_HEADER,
        "hash-header": HASH_HEADER,
    }
    return protocol.Parameters(values | {k.replace("_", "-"): v for k, v in changes.items()})


def check(found: protocol.Parameters, *, secret: str = SECRET, fresh: bool = False) -> None:
    protocol.check_signature(found, "application/json", secret, now=NOW, fresh=fresh)


def test_the_signature_of_the_test_vector_is_right() -> None:
    check(parameters())


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"hash_header": "0" * 64}, protocol.KitSystemRefused),
        ({"hash_header": ""}, protocol.KitSystemRefused),
        ({"sign_header": SIGN_HEADER.replace("edoc", "status")}, protocol.KitSystemRefused),
        ({"messagetype": "status"}, protocol.KitHeaderWrong),
        ({"systemid": "test.sys.02"}, protocol.KitHeaderWrong),
        ({"timestamp": "21112026T171602+0536"}, protocol.KitHeaderWrong),
    ],
)
def test_a_signature_over_something_else_is_refused(
    changes: dict[str, str], problem: type[Exception]
) -> None:
    with pytest.raises(problem):
        check(parameters(**changes))


def test_another_secret_is_refused_like_an_unknown_system() -> None:
    with pytest.raises(protocol.KitSystemRefused):
        check(parameters(), secret="anothersecret")


@pytest.mark.parametrize(
    "text",
    [
        '{"XroadVnpt-systemid":"test.sys.01"}',
        '{"XroadVnpt-systemid":"a","xroadvnpt-SYSTEMID":"test.sys.01","XroadVnpt-timestamp":"x"}',
        '{"XroadVnpt-systemid":1,"XroadVnpt-timestamp":"x"}',
        "[]",
        "{",
        "[" * 5000,
    ],
)
def test_a_sign_header_that_says_too_little_or_twice_is_refused(text: str) -> None:
    digest = hmac.new(SECRET.encode(), text.encode(), hashlib.sha256).hexdigest()

    with pytest.raises(protocol.KitHeaderWrong):
        check(parameters(sign_header=text, hash_header=digest))


def test_a_system_that_can_must_give_a_new_time() -> None:
    check(parameters(), fresh=True)

    with pytest.raises(protocol.KitHeaderWrong, match="timestamp"):
        protocol.check_signature(
            parameters(), "application/json", SECRET, now=NOW + timedelta(minutes=6), fresh=True
        )


def test_both_forms_of_a_file_digest_are_taken_and_told_apart() -> None:
    digest = hashlib.sha256(FILE).digest()

    right = "defec53f669fb129d1c86891cc86b12f6ff2f14e47280841db8aff8a287a72b9"
    short = "defec53f669fb129d1c86891cc86b12f6ff2f14e4728841db8aff8a287a72b9"
    assert protocol.check_file(right.upper(), digest) is protocol.FileDigest.RIGHT
    assert protocol.check_file(short, digest) is protocol.FileDigest.UNPADDED
    for wrong in ("", right[:-1], "0" * 64, "đ" * 64):
        with pytest.raises(protocol.KitFileDigestWrong):
            protocol.check_file(wrong, digest)


def test_parameters_are_read_in_any_case_and_as_utf8() -> None:
    found = protocol.Parameters.of(
        [
            (b"XROADVNPT-From", b"G99"),
            (b"xroadvnpt-description", "Đã nhận".encode()),
            (b"xroadvnpt-from", b"H99"),
            (b"from", b"nobody"),
        ]
    )

    assert found.get("FROM") == "G99"
    assert found.get("description") == "Đã nhận"


def test_a_failure_has_the_shape_both_versions_of_the_kit_can_read() -> None:
    found = orjson.loads(protocol.refused(HubDefect()))

    assert found.keys() == {"status", "ErrorCode", "ErrorDesc", "DocId", "data"}
    assert (found["status"], found["ErrorCode"], found["DocId"], found["data"]) == (
        "FAIL",
        "20",
        "",
        "",
    )


def test_every_code_told_to_the_kit_is_one_of_ours() -> None:
    assert protocol.REFUSALS.keys() <= catalogue().keys()


def test_a_sealed_secret_opens_for_its_system_and_key_only() -> None:
    key, secret = bytes(32), vault.new_secret()
    sealed = vault.seal(key, "a", secret)

    assert vault.unseal(key, "a", sealed) == secret
    assert vault.unseal(key, "b", sealed) is None
    assert vault.unseal(bytes(31) + b"\x01", "a", sealed) is None
    assert vault.unseal(key, "a", sealed[:-1]) is None
    assert secret.encode() not in sealed
