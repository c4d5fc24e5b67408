"""Checkpoints are signed notes, and only the log's own key counts (SG §5.5, R60)."""

from __future__ import annotations

import base64
from hashlib import sha256

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from hypothesis import given
from hypothesis import strategies as st

from lienthong.core.tlog import (
    EMPTY_ROOT,
    Checkpoint,
    CheckpointInvalid,
    key_id,
    open_note,
    sign_checkpoint,
    sign_note,
    verifier_key,
    verify_checkpoint,
)

ORIGIN = "truc.example.vn/nhat-ky"
KEY = Ed25519PrivateKey.from_private_bytes(sha256(b"the log").digest())
OTHER_KEY = Ed25519PrivateKey.from_private_bytes(sha256(b"a witness").digest())
PUBLIC = KEY.public_key()
ROOT = sha256(b"a tree").digest()
HEAD = Checkpoint(ORIGIN, 42, ROOT)
NOTE = sign_checkpoint(HEAD, KEY, ORIGIN)


def test_a_note_of_another_implementation_opens() -> None:
    """The sample of the Go module `sumdb/note`, from which the standard grew."""
    raw = base64.b64decode("ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW")
    public = Ed25519PublicKey.from_public_bytes(raw[1:])
    text = (
        "If you think cryptography is the answer to your problem,\n"
        "then you don't know what your problem is.\n"
    )
    note = (
        f"{text}\n— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSN"
        "XgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
    )

    assert key_id("PeterNeumann", public).hex() == "c74f20a3"
    assert verifier_key("PeterNeumann", public) == (
        "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
    )
    assert open_note(note, public, "PeterNeumann") == text


def test_a_checkpoint_has_the_form_of_the_standard() -> None:
    lines = NOTE.split("\n")

    assert lines[:4] == [ORIGIN, "42", base64.b64encode(ROOT).decode(), ""]
    assert lines[4].startswith(f"— {ORIGIN} ")
    assert base64.b64decode(lines[4].rpartition(" ")[2])[:4] == key_id(ORIGIN, PUBLIC)
    assert lines[5:] == [""]


@given(
    st.integers(1, 2**63 - 1),
    st.binary(min_size=32, max_size=32),
    st.lists(st.text(st.characters(min_codepoint=32, exclude_categories=["Cs"]), min_size=1)),
)
def test_a_checkpoint_returns(size: int, root: bytes, extensions: list[str]) -> None:
    head = Checkpoint(ORIGIN, size, root, tuple(extensions))

    assert verify_checkpoint(sign_checkpoint(head, KEY, ORIGIN), PUBLIC, ORIGIN) == head


def test_the_key_may_have_a_name_of_its_own() -> None:
    note = sign_checkpoint(HEAD, KEY, "khoa-2026")

    assert verify_checkpoint(note, PUBLIC, ORIGIN, name="khoa-2026") == HEAD
    with pytest.raises(CheckpointInvalid):
        verify_checkpoint(note, PUBLIC, ORIGIN)


def test_an_empty_log_has_a_checkpoint() -> None:
    head = Checkpoint(ORIGIN, 0, EMPTY_ROOT)

    assert verify_checkpoint(sign_checkpoint(head, KEY, ORIGIN), PUBLIC, ORIGIN) == head
    with pytest.raises(ValueError, match="not a checkpoint"):
        sign_checkpoint(Checkpoint(ORIGIN, 0, ROOT), KEY, ORIGIN)


def test_signatures_of_others_are_passed_over() -> None:
    witness = sign_checkpoint(HEAD, OTHER_KEY, "nhan-chung").rpartition("\n\n")[2]
    namesake = sign_checkpoint(HEAD, OTHER_KEY, ORIGIN).rpartition("\n\n")[2]
    unknown = "— nhan-chung-3 " + base64.b64encode(b"keyid" * 20).decode() + "\n"

    assert verify_checkpoint(NOTE + witness + namesake + unknown, PUBLIC, ORIGIN) == HEAD


def test_another_key_is_refused() -> None:
    note = sign_checkpoint(HEAD, OTHER_KEY, ORIGIN)

    with pytest.raises(CheckpointInvalid) as refusal:
        verify_checkpoint(note, PUBLIC, ORIGIN)
    assert refusal.value.facts == {"reason": "signature_of_unknown_key"}


def test_a_wrong_signature_of_the_known_key_spoils_the_note() -> None:
    forged = base64.b64encode(key_id(ORIGIN, PUBLIC) + b"\x00" * 64).decode()

    with pytest.raises(CheckpointInvalid) as refusal:
        verify_checkpoint(f"{NOTE}— {ORIGIN} {forged}\n", PUBLIC, ORIGIN)
    assert refusal.value.facts == {"reason": "signature_wrong"}


def test_a_checkpoint_of_another_log_is_refused() -> None:
    note = sign_checkpoint(Checkpoint("other.example.vn/log", 42, ROOT), KEY, ORIGIN)

    with pytest.raises(CheckpointInvalid) as refusal:
        verify_checkpoint(note, PUBLIC, ORIGIN)
    assert refusal.value.facts == {"reason": "other_origin"}


@given(st.integers(0, len(NOTE) - 1), st.characters(exclude_categories=["Cs"]))
def test_a_changed_character_is_refused(at: int, character: str) -> None:
    changed = NOTE[:at] + character + NOTE[at + 1 :]

    if changed != NOTE:
        with pytest.raises(CheckpointInvalid):
            verify_checkpoint(changed, PUBLIC, ORIGIN)


@given(st.text())
def test_any_other_text_is_refused(text: str) -> None:
    with pytest.raises(CheckpointInvalid):
        verify_checkpoint(text, PUBLIC, ORIGIN)


@pytest.mark.parametrize(
    "text",
    [
        "origin\n42\n",
        "origin\n042\n{root}\n",
        "origin\n+42\n{root}\n",
        "origin\n-1\n{root}\n",
        "origin\n4２\n{root}\n",
        "origin\n9223372036854775808\n{root}\n",
        "origin\n42\n{root}=\n",
        "origin\n42\nAAAA\n",
        "origin\n42\n {root}\n",
        "origin\n42\n{root}\n\nmore\n",
        "\n42\n{root}\n",
    ],
)
def test_a_signed_text_that_is_no_checkpoint_is_refused(text: str) -> None:
    filled = text.format(root=base64.b64encode(ROOT).decode())
    note = sign_note(filled, KEY, "origin")

    assert open_note(note, PUBLIC, "origin") == filled
    with pytest.raises(CheckpointInvalid):
        verify_checkpoint(note, PUBLIC, "origin")


@pytest.mark.parametrize(
    "note",
    [
        NOTE.removesuffix("\n"),
        NOTE + "\n",
        NOTE.replace("\n", "\r\n"),
        NOTE.replace("— ", "- "),
        NOTE.replace(f"— {ORIGIN}", "—  "),
        NOTE + "— tên không hợp lệ AAAAAAAA\n",
        NOTE + "— short AAAA\n",
        NOTE + "— loose AAAAAAB=\n",
        NOTE + "— x AAAAAAAA\n" * 40,
        NOTE + "— \ud800 AAAAAAAA\n",
        "x" * 100_001,
    ],
)
def test_a_text_that_is_no_note_is_refused(note: str) -> None:
    with pytest.raises(CheckpointInvalid):
        verify_checkpoint(note, PUBLIC, ORIGIN)


def test_what_cannot_be_read_back_is_not_signed() -> None:
    for origin in ("", "a\n42", "a\rb"):
        with pytest.raises(ValueError, match=r"note|checkpoint"):
            sign_checkpoint(Checkpoint(origin, 42, ROOT), KEY, ORIGIN)
    for name in ("", "a b", "a+b", "a\u2003b", "a\x00b"):
        with pytest.raises(ValueError, match="name of a key"):
            sign_checkpoint(HEAD, KEY, name)
