"""Witnesses sign one history only, and an auditor finds whatever was changed in a log (TM-A-05)."""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from lienthong.core import tlog

ORIGIN = "axis.example/log"
WITNESS = "bo/witness"
KEY = Ed25519PrivateKey.from_private_bytes(b"\x01" * 32)
WITNESS_KEY = Ed25519PrivateKey.from_private_bytes(b"\x02" * 32)
OTHER_KEY = Ed25519PrivateKey.from_private_bytes(b"\x03" * 32)
NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
KNOWN = {WITNESS: WITNESS_KEY.public_key()}


@dataclass
class Log:
    """A log as files: what its owner serves, honest or not."""

    files: dict[str, bytes] = field(default_factory=dict)
    entries: list[bytes] = field(default_factory=list)
    tiles: tlog.MemoryTiles = field(default_factory=tlog.MemoryTiles)
    note: str = ""

    def grow(self, count: int, mark: bytes = b"") -> None:
        size = len(self.entries)
        added = [b"entry %d" % (size + n) + mark for n in range(count)]
        growth = tlog.append(self.tiles, size, [tlog.leaf_hash(each) for each in added])
        self.tiles.write(growth.changed)
        self.entries += added
        self.note = tlog.sign_checkpoint(
            tlog.Checkpoint(ORIGIN, growth.size, growth.root), KEY, ORIGIN
        )
        self._publish(growth.changed)

    def _publish(self, changed: dict[tlog.TileKey, bytes]) -> None:
        self.files["checkpoint"] = self.note.encode()
        for (level, index), hashes in changed.items():
            width = len(hashes) // 32
            self.files[tlog.tile_path(level, index, width)] = hashes
            if level == 0:
                bundle = tlog.entry_bundle(self.entries[index * 256 : index * 256 + width])
                self.files[tlog.entries_path(index, width)] = bundle

    def proof(self, old: int) -> tuple[bytes, ...]:
        return tuple(tlog.consistency_proof(self.tiles, old, len(self.entries)))


def log_of(*steps: int) -> Log:
    log = Log()
    for step in steps:
        log.grow(step)
    return log


def seen_of(log: Log) -> tlog.Seen:
    seen = tlog.audit(log.files.get, KEY.public_key()).seen
    assert seen is not None
    return seen


def codes(report: tlog.LogReport) -> list[tuple[str, int | None]]:
    return [(each.code, each.index) for each in report.findings]


# -- cosignatures -------------------------------------------------------------------------------


def test_a_cosignature_is_the_message_of_the_standard() -> None:
    note = log_of(3).note
    line = tlog.cosign(note, WITNESS_KEY, WITNESS, NOW)

    raw = base64.b64decode(line.removesuffix("\n").rpartition(" ")[2])
    public = WITNESS_KEY.public_key()
    text = note.partition("\n\n")[0] + "\n"
    seconds = int(NOW.timestamp())
    assert raw[:4] == sha256(b"bo/witness\n\x04" + public.public_bytes_raw()).digest()[:4]
    assert int.from_bytes(raw[4:12], "big") == seconds
    public.verify(raw[12:], f"cosignature/v1\ntime {seconds}\n{text}".encode())


def test_a_witnessed_checkpoint_is_still_the_logs_and_names_its_witness() -> None:
    note = log_of(3).note
    line = tlog.cosign(note, WITNESS_KEY, WITNESS, NOW)
    signed = tlog.with_signatures(note, [line, line])

    assert tlog.verify_checkpoint(signed, KEY.public_key(), ORIGIN).size == 3
    assert tlog.cosignatures(signed, KNOWN) == (tlog.Cosignature(WITNESS, NOW),)
    assert tlog.cosignatures(signed, {}) == ()
    assert tlog.with_signatures(signed, [line]) == signed


def test_a_cosignature_moved_to_another_checkpoint_spoils_it() -> None:
    log = log_of(3)
    line = tlog.cosign(log.note, WITNESS_KEY, WITNESS, NOW)
    log.grow(1)

    with pytest.raises(tlog.CheckpointInvalid):
        tlog.cosignatures(tlog.with_signatures(log.note, [line]), KNOWN)


def test_a_key_of_a_witness_is_no_key_of_a_log() -> None:
    text = str(tlog.VerifierKey(WITNESS, tlog.WITNESS_KIND, WITNESS_KEY.public_key()))
    own = tlog.verifier_key(ORIGIN, KEY.public_key())

    assert tlog.parse_verifier_key(text).kind == tlog.WITNESS_KIND
    assert str(tlog.parse_verifier_key(own)) == own
    for broken in (text[:-4], text.replace("+", "-"), "", "a+b", own.replace(ORIGIN, "x")):
        with pytest.raises(tlog.CheckpointInvalid):
            tlog.parse_verifier_key(broken)


# -- the witness's decision ---------------------------------------------------------------------


def head_of(log: Log) -> tlog.Checkpoint:
    return tlog.verify_checkpoint(log.note, KEY.public_key(), ORIGIN)


def decide(
    log: Log, seen: tlog.Checkpoint | None, old: int, proof: tuple[bytes, ...]
) -> tlog.Checkpoint:
    request = tlog.parse_add_checkpoint(tlog.AddCheckpoint(old, proof, log.note).encode())
    return tlog.check_checkpoint(request, seen, [OTHER_KEY.public_key(), KEY.public_key()])


@given(st.integers(1, 600), st.integers(0, 300))
def test_a_witness_signs_what_appends_to_what_it_saw(first: int, more: int) -> None:
    log = log_of(first)
    seen = decide(log, None, 0, ())
    if more:
        log.grow(more)

    assert decide(log, seen, first, log.proof(first)).size == first + more


def test_a_witness_refuses_another_history() -> None:
    log, fork = log_of(5), log_of(5)
    seen = decide(log, None, 0, ())
    log.grow(3)
    fork.entries[4] = b"another"
    fork = Log()
    fork.grow(8, mark=b"!")

    with pytest.raises(tlog.HistoryForked) as refused:
        decide(fork, seen, 5, fork.proof(5))
    assert refused.value.status == 422
    later = decide(log, seen, 5, log.proof(5))
    with pytest.raises(tlog.HistoryForked) as refused:
        decide(fork, later, 8, ())
    assert refused.value.status == 409


@pytest.mark.parametrize(
    ("old", "proof", "wanted"),
    [
        (4, None, tlog.WitnessedSizeDiffers),
        (0, (), tlog.WitnessedSizeDiffers),
        (9, (), tlog.WitnessRequestInvalid),
        (5, (), tlog.HistoryForked),
        (5, (b"\0" * 32,) * 3, tlog.HistoryForked),
    ],
    ids=["older", "nothing", "beyond", "no proof", "wrong proof"],
)
def test_a_witness_says_why_it_does_not_sign(
    old: int, proof: tuple[bytes, ...] | None, wanted: type[Exception]
) -> None:
    log = log_of(5)
    seen = head_of(log)
    log.grow(3)

    with pytest.raises(wanted):
        decide(log, seen, old, log.proof(old) if proof is None else proof)


def test_a_checkpoint_that_the_log_did_not_sign_is_refused() -> None:
    log = log_of(2)
    request = tlog.AddCheckpoint(0, (), log.note)

    with pytest.raises(tlog.LogKeyUnknown):
        tlog.check_checkpoint(request, None, [OTHER_KEY.public_key()])


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"old 1",
        b"old 01\n\nx",
        b"old -1\n\nx",
        b"new 1\n\nx",
        b"old 1\nnot base64\n\nx",
        b"old 1\n" + b"AAAA\n" * 64 + b"\nx",
        b"\xff",
        b"o" * 200_000,
    ],
    ids=range(9),
)
def test_a_request_in_another_form_is_refused(body: bytes) -> None:
    with pytest.raises(tlog.WitnessRequestInvalid):
        tlog.parse_add_checkpoint(body)


# -- the audit ----------------------------------------------------------------------------------


@pytest.mark.parametrize("steps", [(1,), (255, 2), (256,), (70, 200, 400), (66_000,)])
def test_an_honest_log_passes_whole(steps: tuple[int, ...]) -> None:
    log = log_of(*steps)

    report = tlog.audit(log.files.get, KEY.public_key())

    assert report.ok, codes(report)
    assert report.entries == sum(steps)
    assert report.seen is not None
    assert tlog.read_seen(report.seen.to_json()) == report.seen


def test_an_empty_log_passes() -> None:
    log = Log()
    head = tlog.Checkpoint(ORIGIN, 0, tlog.EMPTY_ROOT)
    log.files["checkpoint"] = tlog.sign_checkpoint(head, KEY, ORIGIN).encode()

    report = tlog.audit(log.files.get, KEY.public_key())

    assert (report.ok, report.entries) == (True, 0)


def test_what_was_seen_is_not_fetched_again_unless_asked() -> None:
    log = log_of(600)
    seen = seen_of(log)
    log.grow(100)
    asked: list[str] = []

    def fetch(path: str) -> bytes | None:
        asked.append(path)
        return log.files.get(path)

    report = tlog.audit(fetch, KEY.public_key(), seen=seen, whole=False)
    old = tlog.audit(fetch, KEY.public_key(), seen=seen, whole=False, old_entries=[range(256)])

    assert report.ok
    assert (report.since, report.entries) == (600, 188)
    assert tlog.entries_path(0) not in asked[: len(asked) // 2]
    assert old.entries == 188 + 256


ENTRY = tlog.entries_path(1)


def change_entry(log: Log, index: int, entry: bytes) -> None:
    entries = tlog.split_bundle(log.files[ENTRY])
    entries[index - 256] = entry
    log.files[ENTRY] = tlog.entry_bundle(entries)


def drop_entry(log: Log) -> None:
    entries = tlog.split_bundle(log.files[ENTRY])
    log.files[ENTRY] = tlog.entry_bundle(entries[:-1])


def change_tile(log: Log, path: str) -> None:
    tile = bytearray(log.files[path])
    tile[40] ^= 1
    log.files[path] = bytes(tile)


@pytest.mark.parametrize(
    ("tamper", "wanted"),
    [
        (lambda log: change_entry(log, 300, b"x"), ("entry_changed", 300)),
        (lambda log: change_entry(log, 300, b""), ("entry_removed", 300)),
        (drop_entry, ("entries_missing", 511)),
        (lambda log: log.files.pop(ENTRY), ("entries_missing", 256)),
        (lambda log: log.files.update({ENTRY: b"\x00\x05ab"}), ("entries_invalid", 256)),
        (lambda log: change_tile(log, tlog.tile_path(0, 1)), ("tile_differs", 256)),
        (lambda log: change_tile(log, tlog.tile_path(1, 0, 2)), ("root_differs", None)),
        (lambda log: change_tile(log, tlog.tile_path(0, 2, 188)), ("root_differs", None)),
        (lambda log: log.files.pop(tlog.tile_path(0, 2, 188)), ("tile_missing", None)),
        (lambda log: log.files.pop("checkpoint"), ("checkpoint_missing", None)),
        (lambda log: log.files.update(checkpoint=b"\xff"), ("checkpoint_invalid", None)),
        (
            lambda log: log.files.update(checkpoint=log.note.replace("700", "701").encode()),
            ("checkpoint_invalid", None),
        ),
    ],
    ids=range(12),
)
def test_whatever_is_changed_is_found_with_its_place(
    tamper: Callable[[Log], object], wanted: tuple[str, int | None]
) -> None:
    log = log_of(700)
    tamper(log)

    report = tlog.audit(log.files.get, KEY.public_key())

    assert wanted in codes(report)
    assert report.seen is None


def test_a_log_that_went_back_or_was_written_anew_is_found() -> None:
    seen = seen_of(log_of(700))
    anew = Log()
    anew.grow(700, mark=b"!")
    longer = Log()
    longer.grow(900, mark=b"!")
    for log, wanted in ((log_of(650), "rolled_back"), (anew, "forked"), (longer, "forked")):
        report = tlog.audit(log.files.get, KEY.public_key(), seen=seen, whole=False)

        assert [code for code, _ in codes(report)] == [wanted]
    assert tlog.audit(log_of(700, 9).files.get, KEY.public_key(), seen=seen).ok


def test_a_false_cosignature_is_found() -> None:
    log = log_of(5)
    line = tlog.cosign(log.note, OTHER_KEY, WITNESS, NOW)
    forged = tlog.VerifierKey(WITNESS, tlog.WITNESS_KIND, OTHER_KEY.public_key())
    log.files["checkpoint"] = tlog.with_signatures(log.note, [line]).encode()

    assert tlog.audit(log.files.get, KEY.public_key(), witnesses=KNOWN).cosignatures == ()
    known = {forged.name: forged.public_key}
    assert tlog.audit(log.files.get, KEY.public_key(), witnesses=known).cosignatures
    log.grow(1)
    log.files["checkpoint"] = tlog.with_signatures(log.note, [line]).encode()
    report = tlog.audit(log.files.get, KEY.public_key(), witnesses=known)
    assert [code for code, _ in codes(report)] == ["checkpoint_invalid"]


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"origin": "a", "size": 1, "root": "00", "checkpoint": ""}']
)
def test_a_state_file_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(tlog.StateInvalid):
        tlog.read_seen(text)
